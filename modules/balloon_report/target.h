/* SPDX-License-Identifier: GPL-2.0-only */
/* What the size worker does next: decisions only. */
#ifndef BALLOON_REPORT_TARGET_H
#define BALLOON_REPORT_TARGET_H

#include <linux/bits.h>
#include <linux/mm.h>
#include <linux/types.h>

/*
 * The floor is at least this share of the guest's memory, within these bounds in
 * pages: 8 and 64 MiB.  So a guest with floor_mb=0 keeps working.
 */
#define BR_FLOOR_SHARE 128
#define BR_FLOOR_MIN BIT_ULL(23 - PAGE_SHIFT)
#define BR_FLOOR_MAX BIT_ULL(26 - PAGE_SHIFT)

/**
 * enum br_step - what the size worker does next
 * @BR_STEP_NONE:      nothing: the balloon has its size
 * @BR_STEP_DEFLATE:   deflate
 * @BR_STEP_INFLATE:   inflate by memory that is available above the floor
 * @BR_STEP_RECLAIM:   inflate by memory that the guest must reclaim
 * @BR_STEP_OOM_LIMIT: nothing while an OOM deflation limits the balloon
 * @BR_STEP_FLOOR:     nothing: the guest cannot reclaim its floor
 */
enum br_step {
	BR_STEP_NONE,
	BR_STEP_DEFLATE,
	BR_STEP_INFLATE,
	BR_STEP_RECLAIM,
	BR_STEP_OOM_LIMIT,
	BR_STEP_FLOOR,
};

/**
 * struct br_sizing - what a step depends on, in pages
 * @num_pages:	  the size that the device asks for
 * @num_inflated: the size of the balloon
 * @limit:	  the largest size that an OOM deflation allows, or U32_MAX
 * @available:	  memory that is usable without swapping
 * @floor:	  part of @available that inflation leaves to the guest
 * @total:	  the guest's memory, the balloon included
 * @may_inflate:  whether the guest inflates at all
 */
struct br_sizing {
	unsigned int num_pages;
	unsigned int num_inflated;
	unsigned int limit;
	u64 available;
	u64 floor;
	u64 total;
	bool may_inflate;
};

/**
 * struct br_next - a step
 * @step:  what to do
 * @pages: the number of pages at most
 */
struct br_next {
	enum br_step step;
	unsigned int pages;
};

/**
 * br_step_next() - decide what the size worker does next
 * @s: what the step depends on
 *
 * Inflated pages stay inflated below the floor: DEFLATE_ON_OOM is for that.
 *
 * Return: the step.
 */
struct br_next br_step_next(const struct br_sizing *s);

/**
 * br_floor_pages() - compute how much memory inflation leaves to the guest
 * @floor: the parameter floor_mb in pages
 * @total: the guest's memory in pages, the balloon included
 *
 * Return: pages.
 */
u64 br_floor_pages(u64 floor, u64 total);

#endif /* BALLOON_REPORT_TARGET_H */
