// SPDX-License-Identifier: GPL-2.0-only
/* How much memory hinting may allocate: decisions only. */
#include "hint_budget.h"

#include <linux/math64.h>
#include <linux/minmax.h>

static u64 hint_max_pending(const struct br_hint_memory *memory)
{
	u64 usable = memory->available + memory->pending + memory->retained;

	return max(div_u64(usable, BR_HINT_SHARE),
		   min(div_u64(usable, BR_HINT_SHARE_SMALL),
		       BR_HINT_SMALL_PAGES));
}

enum br_hint_budget br_hint_check_budget(const struct br_hint_memory *memory,
					 u64 pages)
{
	if (memory->available < memory->floor + pages)
		return BR_HINT_END;
	if (memory->pending && memory->pending + pages > hint_max_pending(memory))
		return BR_HINT_WAIT;
	return BR_HINT_ALLOC;
}

u64 br_hint_deficit(const struct br_hint_memory *memory)
{
	if (memory->available >= memory->floor)
		return 0;
	return min(memory->retained, memory->floor - memory->available);
}
