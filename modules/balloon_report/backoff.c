// SPDX-License-Identifier: GPL-2.0-only
/* How long to wait after failures: decisions only. */
#include "backoff.h"

#include <linux/minmax.h>

/* Whether the guest has freed more than noise, and enough to be worth the reserve. */
static bool run_has_progress(const struct br_run *run)
{
	if (!run->reclaims)
		return run->pages >= BR_CHUNK_PAGES;
	return run->pages >= max(BR_RECLAIM_PROGRESS, run->reserve / BR_RECLAIM_SHARE);
}

unsigned int br_size_failures(unsigned int before, const struct br_run *run)
{
	bool progress = run_has_progress(run);

	if (!run->ret || progress)
		before = 0;
	if (run->ret >= 0)
		return before;
	if (before && run->reclaims)
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
