// SPDX-License-Identifier: GPL-2.0-only
/* What the size worker does next: decisions only. */
#include "target.h"

#include <linux/minmax.h>

#include "chunk.h"

/* A reserve of more than half of the guest would only churn what it evicts. */
static bool may_reclaim(const struct br_sizing *s)
{
	return s->floor <= s->total / 2;
}

struct br_next br_step_next(const struct br_sizing *s)
{
	unsigned int most = min(s->num_pages, max(s->limit, s->num_inflated));
	u64 room = s->available > s->floor ? s->available - s->floor : 0;
	unsigned int want;

	if (s->num_pages < s->num_inflated)
		return (struct br_next){ BR_STEP_DEFLATE,
					 s->num_inflated - s->num_pages };
	if (s->num_pages == s->num_inflated || !s->may_inflate)
		return (struct br_next){ BR_STEP_NONE, 0 };
	want = most - s->num_inflated;
	if (!want)
		return (struct br_next){ BR_STEP_OOM_LIMIT, 0 };
	/* A chunk, or all that is missing: single pages are not worth a buffer. */
	if (room >= min(want, BR_CHUNK_PAGES))
		return (struct br_next){ BR_STEP_INFLATE,
					 min_t(u64, want, room) };
	if (may_reclaim(s))
		return (struct br_next){ BR_STEP_RECLAIM, want };
	return (struct br_next){ BR_STEP_FLOOR, 0 };
}

u64 br_floor_pages(u64 floor, u64 total)
{
	return max(floor, clamp(total / BR_FLOOR_SHARE, BR_FLOOR_MIN,
				BR_FLOOR_MAX));
}
