// SPDX-License-Identifier: GPL-2.0-only
/* How long to wait after failures: decisions only. */
#include "backoff.h"

#include <linux/minmax.h>

/* Whether the yield is more than a guest frees and allocates all the time. */
static bool reclaim_has_progress(const struct br_reclaim *reclaim)
{
	return !reclaim->tried || reclaim->pages >= BR_RECLAIM_PROGRESS;
}

unsigned int br_size_failures(unsigned int before, int ret,
			      const struct br_reclaim *reclaim)
{
	if (!ret)
		return 0;
	if (ret > 0 && (!reclaim_has_progress(reclaim) ||
			(!reclaim->tried && ret < (int)BR_CHUNK_PAGES)))
		return before;
	if (ret > 0)
		return 0;
	if (before && !reclaim_has_progress(reclaim))
		before = max(before, BR_RECLAIM_FAILURES - 1);
	return min(before, BR_FAILURES_MAX - 1) + 1;
}

unsigned int br_restart_failures(unsigned int before, unsigned int up_ms)
{
	return up_ms >= BR_BACKOFF_MAX_MS ? 1 : before + 1;
}

unsigned int br_backoff_ms(unsigned int failures)
{
	unsigned int doublings = min(failures - 1, 8U);

	return min_t(unsigned int, BR_BACKOFF_MS << doublings,
		     BR_BACKOFF_MAX_MS);
}
