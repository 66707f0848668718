// SPDX-License-Identifier: GPL-2.0-only
/* How much of the guest's memory hinting may take: decisions only. */
#include "hint_room.h"

#include <linux/math64.h>
#include <linux/minmax.h>

static u64 hint_pending_max(const struct br_hint_memory *memory)
{
	u64 usable = memory->available + memory->pending + memory->acked;

	return max(div_u64(usable, BR_HINT_SHARE),
		   min(div_u64(usable, BR_HINT_SHARE_SMALL),
		       BR_HINT_SMALL_PAGES));
}

enum br_hint_room br_hint_room(const struct br_hint_memory *memory, u64 pages)
{
	if (memory->available < memory->floor + pages)
		return BR_HINT_ENOUGH;
	if (memory->pending && memory->pending + pages > hint_pending_max(memory))
		return BR_HINT_WAIT;
	return BR_HINT_TAKE;
}

u64 br_hint_due(const struct br_hint_memory *memory)
{
	if (memory->available >= memory->floor)
		return 0;
	return min(memory->acked, memory->floor - memory->available);
}
