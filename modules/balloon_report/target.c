// SPDX-License-Identifier: GPL-2.0-only
/* What the size worker does next, and when it tries again: decisions only. */
#include "target.h"

#include <linux/minmax.h>

#include "chunk.h"

/* A cushion of more than half of the guest would only churn what it evicts. */
static bool may_squeeze(const struct br_sizing *s)
{
	return s->floor <= s->total / 2;
}

struct br_next br_next_step(const struct br_sizing *s)
{
	unsigned int most = min(s->asked, max(s->most, s->held));
	u64 room = s->available > s->floor ? s->available - s->floor : 0;
	unsigned int want;

	if (s->asked < s->held)
		return (struct br_next){ BR_STEP_DEFLATE, s->held - s->asked };
	if (s->asked == s->held || !s->inflate)
		return (struct br_next){ BR_STEP_NONE, 0 };
	want = most - s->held;
	if (!want)
		return (struct br_next){ BR_STEP_REST, 0 };
	/* A chunk, or all that is missing: no trickle of single pages. */
	if (room >= min(want, BR_CHUNK_PAGES))
		return (struct br_next){ BR_STEP_INFLATE,
					 min_t(u64, want, room) };
	if (may_squeeze(s))
		return (struct br_next){ BR_STEP_SQUEEZE, want };
	return (struct br_next){ BR_STEP_STUCK, 0 };
}

u64 br_floor_pages(u64 floor, u64 total)
{
	return max(floor, clamp(total / BR_FLOOR_SHARE, BR_FLOOR_LEAST,
				BR_FLOOR_ENOUGH));
}

/* Is it worth more than what a guest frees and allocates all the time? */
static bool yield_counts(const struct br_yield *yield)
{
	return !yield->tried || yield->pages >= BR_SQUEEZE_WORTH;
}

unsigned int br_failures(unsigned int before, int ret,
			 const struct br_yield *yield)
{
	if (!ret)
		return 0;
	if (ret > 0 && (!yield_counts(yield) ||
			(!yield->tried && ret < (int)BR_CHUNK_PAGES)))
		return before;
	if (ret > 0)
		return 0;
	if (before && !yield_counts(yield))
		before = max(before, BR_SQUEEZE_FAILURES - 1);
	return min(before, BR_FAILURES_MAX - 1) + 1;
}

unsigned int br_backoff_ms(unsigned int failures)
{
	unsigned int doublings = min(failures - 1, 8U);

	return min_t(unsigned int, BR_BACKOFF_MS << doublings,
		     BR_BACKOFF_MAX_MS);
}
