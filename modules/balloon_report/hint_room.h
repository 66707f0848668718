/* SPDX-License-Identifier: GPL-2.0-only */
/* How much of the guest's memory hinting may take: decisions only. */
#ifndef BALLOON_REPORT_HINT_ROOM_H
#define BALLOON_REPORT_HINT_ROOM_H

#include <linux/types.h>

/*
 * Of the memory that the guest could use so much may wait for the host: the
 * first share; in a small guest, up to so many pages, the second one.
 */
#define BR_HINT_SHARE 32
#define BR_HINT_SHARE_SMALL 8
#define BR_HINT_SMALL_PAGES 16384ULL

/**
 * struct br_hint_memory - the guest's memory as hinting sees it, in pages
 * @available: what the guest could use without swapping
 * @floor:     what of it stays with the guest
 * @pending:   hinted blocks that the host has not acknowledged
 * @acked:     hinted blocks that it has; the guest can have them at once
 */
struct br_hint_memory {
	u64 available;
	u64 floor;
	u64 pending;
	u64 acked;
};

/**
 * enum br_hint_room - what the driver may do about one block more
 * @BR_HINT_TAKE:   take it
 * @BR_HINT_WAIT:   too much waits for the host: take it after the next answer
 * @BR_HINT_ENOUGH: the rest is the guest's
 */
enum br_hint_room { BR_HINT_TAKE, BR_HINT_WAIT, BR_HINT_ENOUGH };

/**
 * br_hint_room() - is there room for one block more?
 * @memory: the guest's memory
 * @pages:  pages of the block
 *
 * The guest cannot have a pending block back until the host answers, so only a
 * share of the memory is pending at a time.  One block always may be.
 *
 * Return: see enum br_hint_room.
 */
enum br_hint_room br_hint_room(const struct br_hint_memory *memory, u64 pages);

/**
 * br_hint_due() - how much the guest is to have back
 * @memory: the guest's memory
 *
 * Return: acknowledged pages that the guest lacks up to its floor.
 */
u64 br_hint_due(const struct br_hint_memory *memory);

#endif /* BALLOON_REPORT_HINT_ROOM_H */
