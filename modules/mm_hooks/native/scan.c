// SPDX-License-Identifier: GPL-2.0-only
/*
 * Find unreported blocks of a zone, and isolate them.
 *
 * The map has the unreported units (blocks.c), so no free list is walked.  Each unit is
 * looked up by its address, in sections of zone->lock that visit a batch of them.
 */
#include "scan.h"

#include <linux/minmax.h>
#include <linux/mm.h>
#include <linux/mmzone.h>
#include <linux/sched.h>

#include "../discarded.h"
#include "inflight.h"
#include "free_block.h"
#include "zone_lock.h"
#include "zone_memory.h"
#include "zones.h"

/* What one section searches without a find: units, a word of which is an instruction or two. */
#define SCAN_WINDOW 32768UL
/* And leaves: each may have areas that are left out. */
#define SCAN_LEAVES 64UL

/* Does no block beside it go in the same range?  Those before it are in the report already. */
static bool block_is_alone(const struct mmh_scan *s, struct mmh_inflight *f,
			   const struct mmh_blocks *b, const struct mmh_free_block *block)
{
	unsigned long end = mmh_blocks_unit(b, block->pfn + (1UL << block->order));
	unsigned long units = 1UL << (block->order - b->unit_order);
	bool neighbour = mmh_inflight_extends(f, block->pfn) ||
			 mmh_blocks_are_unreported(b, end, end + units);

	return mmh_policy_is_alone(&s->policy, block->order, neighbour);
}

/*
 * Keeps the area of a block out of searches that have no use for it, until something of it
 * is freed.
 *
 * Return: does it wait for the second round?
 */
static bool block_is_last(const struct mmh_scan *s, struct mmh_blocks *b, unsigned long unit,
			  const struct mmh_free_block *block, bool alone)
{
	if (block->order < LEAF_AGE_ORDER)
		mmh_blocks_hide(b, unit, MMH_SEARCH_WHOLE);
	else if (alone)
		mmh_blocks_hide(b, unit, MMH_SEARCH_RUNS);
	return s->runs && (alone || block->order < s->policy.order);
}

/* Is the block too young, or are enough like it reported? */
static bool block_must_wait(struct mmh_scan *s, const struct mmh_blocks *b,
			    const struct mmh_free_block *block, bool alone)
{
	unsigned long first = mmh_blocks_unit(b, block->pfn);
	unsigned long end = mmh_blocks_unit(b, block->pfn + (1UL << block->order));
	bool rationed = !s->policy.low && block->order < s->policy.order;
	s32 age = mmh_blocks_age(b, first, end, s->now);
	u32 wait = mmh_policy_wait(&s->policy, block->order, age);

	if (!wait && alone) {
		wait = mmh_policy_alone(&s->policy);
		rationed = wait;
	}
	if (wait)
		s->wait = min_t(unsigned long, s->wait, wait);
	if (wait && rationed)
		mmh_cursor_ration(&s->cursor, block->pfn);
	return wait;
}

/* What the report cannot hold stays unreported, for the next pass. */
static void scan_report(struct mmh_scan *s, struct mmh_inflight *f, struct mmh_blocks *b,
			const struct mmh_free_block *block)
{
	unsigned long unit = mmh_blocks_unit(b, block->pfn);
	unsigned long end = unit + (1UL << (block->order - b->unit_order));
	struct mmh_blocks_run run;

	mmh_policy_isolated(&s->memory, block->order);
	while (!mmh_slot_is_full(&f->slot)) {
		run = mmh_blocks_isolate(b, unit, end);
		if (!run.count)
			return;
		mmh_inflight_add_range(f, mmh_blocks_pfn(b, run.first),
				       run.count << b->unit_order);
		unit = run.first + run.count;
	}
	if (mmh_blocks_next_unreported(b, unit, end) < end) {
		s->left = true;
		s->wait = min(s->wait, 1UL);
	}
}

/* Would the zone stay above its watermark without the block? */
static bool zone_above_watermark(struct mmh_scan *s, unsigned int order)
{
	enum mmh_policy_isolate take;

	s->memory.large = mmh_zone_large_pages(s->zone, &s->memory, order);
	take = mmh_policy_isolate(&s->memory, order);
	s->later = take == POLICY_LATER;
	s->scarce = take == POLICY_SCARCE;
	return take == POLICY_ISOLATE;
}

/*
 * Pages that a driver has returned as discarded are reported without a report.
 *
 * Return: is nothing of the block unreported any more?
 */
static bool block_is_discarded(struct mmh_scan *s, struct mmh_blocks *b,
			       const struct mmh_free_block *block)
{
	unsigned long first = mmh_blocks_unit(b, block->pfn);
	unsigned long end = mmh_blocks_unit(b, block->pfn + (1UL << block->order));
	unsigned long unit;

	if (!mmh_discarded_any())
		return false;
	for (unit = mmh_blocks_next_unreported(b, first, end); unit < end;
	     unit = mmh_blocks_next_unreported(b, unit + 1, end)) {
		if (!mmh_discarded_spare(mmh_blocks_pfn(b, unit),
					 b->unit_order))
			continue;
		mmh_blocks_complete(b, mmh_blocks_isolate(b, unit, unit + 1), true);
		s->discarded += 1UL << b->unit_order;
	}
	return mmh_blocks_next_unreported(b, first, end) >= end;
}

/* Return: false when the report is full. */
static bool scan_visit(struct mmh_scan *s, struct mmh_inflight *f, struct mmh_blocks *b,
		       unsigned long unit, unsigned long pages)
{
	struct mmh_free_block block;
	bool alone;
	int err;

	if (!mmh_free_block_find(s->zone, mmh_blocks_pfn(b, unit), b->unit_order,
				 &block)) {
		mmh_blocks_mark_used(b, unit);
		s->cursor.at = mmh_blocks_pfn(b, unit + 1);
		return true;
	}
	if (block_is_discarded(s, b, &block)) {
		s->cursor.at = block.pfn + (1UL << block.order);
		return true;
	}
	alone = block_is_alone(s, f, b, &block);
	if (block_is_last(s, b, unit, &block, alone)) {
		s->cursor.at = mmh_policy_skip(&s->policy, block.pfn, block.order);
		return true;
	}
	s->cursor.at = mmh_blocks_pfn(b, unit);
	if (f->pages && f->pages + (1UL << block.order) > pages)
		return false;
	if (!zone_above_watermark(s, block.order))
		return false;
	s->cursor.at = block.pfn + (1UL << block.order);
	if (block_must_wait(s, b, &block, alone)) {
		s->cursor.at = mmh_policy_skip(&s->policy, block.pfn, block.order);
		return true;
	}
	err = mmh_inflight_isolate(f, &block);
	if (!err)
		scan_report(s, f, b, &block);
	/* The highatomic reserve (-EPERM) stays unreported, and no retry waits for it. */
	else if (err == -EBUSY)
		s->refused = true;
	return !mmh_slot_is_full(&f->slot);
}

/* The unit of a place, which may lie outside of the map. */
static unsigned long scan_unit(const struct mmh_blocks *b, unsigned long pfn)
{
	return mmh_blocks_unit(b, clamp(pfn, b->base, mmh_blocks_pfn(b, b->units)));
}

/* How many leaves without a find may one section search? */
static unsigned int scan_leaves(const struct mmh_blocks *b)
{
	return clamp(SCAN_WINDOW / mmh_leaf_units(b->unit_order), 1UL, SCAN_LEAVES);
}

/* The next pass begins with the first unit that is left out now. */
static void scan_ration(struct mmh_scan *s, const struct mmh_blocks *b, unsigned long end,
			u32 wait)
{
	unsigned long at = scan_unit(b, s->cursor.at);

	if (mmh_cursor_has_rationed(&s->cursor))
		return;
	at = mmh_blocks_next_leaf(b, at, end, MMH_SEARCH_ALL);
	if (at >= end)
		return;
	mmh_cursor_ration(&s->cursor, mmh_blocks_pfn(b, at));
	s->wait = min_t(unsigned long, s->wait, wait);
}

/* Areas that have nothing to report in this round, as far as known, are left out. */
static enum mmh_search scan_search(struct mmh_scan *s, const struct mmh_blocks *b,
				   unsigned long end)
{
	u32 wait = mmh_policy_small_wait(&s->policy, b->unit_order);

	if (s->policy.order < LEAF_AGE_ORDER)
		return MMH_SEARCH_ALL;
	if (s->runs)
		return MMH_SEARCH_RUNS;
	if (!wait)
		return MMH_SEARCH_ALL;
	scan_ration(s, b, end, wait);
	return MMH_SEARCH_WHOLE;
}

/* Has the second round reported all that it may?  The first one has reported the rest. */
static bool scan_is_over(struct mmh_scan *s, const struct mmh_blocks *b, unsigned long end)
{
	u32 wait = mmh_policy_alone_wait(&s->policy);

	if (s->runs || !wait)
		return false;
	scan_ration(s, b, end, wait);
	return true;
}

/*
 * Moves the cursor to the next unit of its leaf or of the next one that has some, else
 * behind that leaf.
 *
 * Return: the unit, or @end.
 */
static unsigned long scan_next(struct mmh_scan *s, struct mmh_blocks *b, unsigned long end)
{
	enum mmh_search search = scan_search(s, b, end);
	unsigned long at = mmh_blocks_next_leaf(b, scan_unit(b, s->cursor.at), end, search);
	unsigned long last = at < end ? min(end, mmh_blocks_leaf_end(b, at)) : end;
	unsigned long unit = mmh_blocks_next(b, at, last, search);

	if (unit < last)
		return unit;
	s->cursor.at = max(s->cursor.at, mmh_blocks_pfn(b, last));
	return end;
}

/* One section of zone->lock.  Return: false when the report is full, or there is no more. */
static bool scan_section(struct mmh_scan *s, struct mmh_inflight *f, unsigned long pages)
{
	struct mmh_blocks *b = mmh_zones_blocks(s->zone);
	unsigned int left = s->batch, leaves;
	unsigned long unit, end;

	lockdep_assert_held(&s->zone->lock);
	s->empty = !b || !b->unreported_units;
	s->ended = s->empty || scan_is_over(s, b, scan_unit(b, s->cursor.end));
	if (s->ended)
		return false;
	mmh_zone_memory(s->zone, &s->memory);
	s->memory.inflight = mmh_inflight_zone_pages(s->zone);
	end = scan_unit(b, s->cursor.end);
	leaves = scan_leaves(b);
	while (left && leaves && scan_unit(b, s->cursor.at) < end) {
		unit = scan_next(s, b, end);
		if (unit == end)
			leaves--;
		else if (scan_visit(s, f, b, unit, pages))
			left--;
		else
			return false;
	}
	s->ended = scan_unit(b, s->cursor.at) >= end;
	return !s->ended;
}

void mmh_scan_fill(struct mmh_scan *s, struct mmh_inflight *f, unsigned long pages)
{
	struct mmh_lock_time time;
	bool more;

	s->later = false;
	do {
		mmh_zone_lock(s->zone, &time);
		more = scan_section(s, f, pages);
		mmh_zone_unlock(s->zone, &time);
		cond_resched();
	} while (more);
}
