/* SPDX-License-Identifier: GPL-2.0-only */
/* How much memory hinting may allocate: decisions only. */
#ifndef BALLOON_REPORT_HINT_BUDGET_H
#define BALLOON_REPORT_HINT_BUDGET_H

#include <linux/bits.h>
#include <linux/mm.h>
#include <linux/types.h>

/*
 * A share of the usable memory may be pending: 1/32, or 1/8 up to 64 MiB, whichever
 * is more.
 */
#define BR_HINT_SHARE 32
#define BR_HINT_SHARE_SMALL 8
#define BR_HINT_SMALL_PAGES BIT_ULL(26 - PAGE_SHIFT)

/**
 * struct br_hint_memory - the memory of the guest as hinting sees it, in pages
 * @available: usable without swapping
 * @floor:     part of @available that hinting leaves to the guest
 * @pending:   hinted blocks in flight
 * @retained:  hinted blocks that the device has used: the guest can free them at once
 */
struct br_hint_memory {
	u64 available;
	u64 floor;
	u64 pending;
	u64 retained;
};

/**
 * enum br_hint_budget - whether the driver may allocate one more block
 * @BR_HINT_ALLOC: it may
 * @BR_HINT_WAIT:  it may after the device has used the next pending block
 * @BR_HINT_END:   it may not: the guest is at its floor
 */
enum br_hint_budget { BR_HINT_ALLOC, BR_HINT_WAIT, BR_HINT_END };

/**
 * br_hint_check_budget() - decide whether to allocate one more block
 * @memory: the memory of the guest
 * @pages:  pages of the block
 *
 * The guest cannot free a pending block until the device uses it, so only a share
 * of the memory is pending.  One block always may be.
 *
 * Return: see enum br_hint_budget.
 */
enum br_hint_budget br_hint_check_budget(const struct br_hint_memory *memory,
					 u64 pages);

/**
 * br_hint_deficit() - compute how much to free
 * @memory: the memory of the guest
 *
 * Return: retained pages that the guest needs to reach its floor.
 */
u64 br_hint_deficit(const struct br_hint_memory *memory);

#endif /* BALLOON_REPORT_HINT_BUDGET_H */
