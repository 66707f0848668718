// SPDX-License-Identifier: GPL-2.0-only
/*
 * Find fresh blocks of a zone, and take them out of the allocator.
 *
 * What is fresh is known (blocks.c), so no free list is walked: each fresh unit is
 * looked up by its address, in sections of zone->lock that visit a batch of them.
 */
#include "scan.h"

#include <linux/minmax.h>
#include <linux/mm.h>
#include <linux/mm_hooks.h>
#include <linux/mmzone.h>
#include <linux/sched.h>

#include "../counters.h"
#include "../discarded.h"
#include "../mm_hooks_trace.h"
#include "flight.h"
#include "free_block.h"
#include "lock_time.h"
#include "zone_memory.h"
#include "zones.h"

/* Bits of the map that are looked at in one section: a word is an instruction or two. */
#define SCAN_WINDOW 32768UL

u64 mm_hooks_longest_lock_ns;

/* Is the block to be left alone for now? */
static bool scan_spares(struct scan *s, const struct blocks *b,
			const struct free_block *block)
{
	unsigned long first = blocks_unit(b, block->pfn);
	unsigned long end = blocks_unit(b, block->pfn + (1UL << block->order));
	unsigned int low = s->policy.low;
	s32 age = blocks_age(b, first, end, s->now);
	u32 wait = policy_wait(&s->policy, block->order, age);

	if (wait)
		s->wait = min_t(unsigned long, s->wait, wait);
	if (wait && !low && block->order < s->policy.order)
		cursor_ration(&s->cursor, block->pfn);
	return wait;
}

/*
 * What was taken in this section has changed the memory of the zone by as much, of
 * whichever kind it is.
 */
static void scan_count(struct scan *s, unsigned int order)
{
	unsigned long pages = 1UL << order;

	s->memory.out += pages;
	s->memory.free -= min(s->memory.free, pages);
	s->memory.usable -= min(s->memory.usable, pages);
}

/* What the flight cannot hold stays fresh, for the next pass. */
static void scan_take(struct scan *s, struct flight *f, struct blocks *b,
		      const struct free_block *block)
{
	unsigned long unit = blocks_unit(b, block->pfn);
	unsigned long end = unit + (1UL << (block->order - b->unit_order));
	struct blocks_run run;

	mm_hooks_count(taken_blocks);
	zones_counts(f->zone)->taken_blocks[block->order]++;
	trace_mm_hooks_take(f->zone->name, block->pfn, block->order);
	flight_add(f, block->pfn, block->order);
	scan_count(s, block->order);
	while (!flight_is_full(f)) {
		run = blocks_take(b, unit, end);
		if (!run.count)
			return;
		flight_report(f, blocks_pfn(b, run.first),
			      run.count << b->unit_order);
		unit = run.first + run.count;
	}
	if (blocks_next(b, unit, end) < end) {
		s->left = true;
		s->wait = min(s->wait, 1UL);
	}
}

/* Can the zone do without a block? */
static bool scan_affords(struct scan *s, unsigned int order)
{
	enum policy_take take;

	s->memory.large = zone_large(s->zone, &s->memory, order);
	take = policy_take(&s->memory, order);
	s->later = take == POLICY_LATER;
	s->scarce = take == POLICY_SCARCE;
	return take == POLICY_TAKE;
}

/*
 * What came back from the balloon is gone without a report.
 * Return: is nothing of the block fresh any more?
 */
static bool scan_settles(struct scan *s, struct blocks *b,
			 const struct free_block *block)
{
	unsigned long first = blocks_unit(b, block->pfn);
	unsigned long end = blocks_unit(b, block->pfn + (1UL << block->order));
	unsigned long unit;

	if (!mm_hooks_discarded_any())
		return false;
	for (unit = blocks_next(b, first, end); unit < end;
	     unit = blocks_next(b, unit + 1, end)) {
		if (!mm_hooks_discarded_take(blocks_pfn(b, unit),
					     b->unit_order))
			continue;
		blocks_back(b, blocks_take(b, unit, unit + 1), true);
		s->discarded += 1UL << b->unit_order;
	}
	return blocks_next(b, first, end) >= end;
}

/* Return: false when the flight can hold no more. */
static bool scan_visit(struct scan *s, struct flight *f, struct blocks *b,
		       unsigned long unit, unsigned long pages)
{
	struct free_block block;
	int err;

	if (!free_block_around(s->zone, blocks_pfn(b, unit), b->unit_order,
			       &block)) {
		blocks_drop(b, unit);
		s->cursor.at = blocks_pfn(b, unit + 1);
		return true;
	}
	if (scan_settles(s, b, &block)) {
		s->cursor.at = block.pfn + (1UL << block.order);
		return true;
	}
	s->cursor.at = blocks_pfn(b, unit);
	if (f->pages && f->pages + (1UL << block.order) > pages)
		return false;
	if (!scan_affords(s, block.order))
		return false;
	s->cursor.at = block.pfn + (1UL << block.order);
	if (scan_spares(s, b, &block)) {
		s->cursor.at = policy_skip(&s->policy, block.pfn, block.order);
		return true;
	}
	err = mm_hooks_take_block(pfn_to_page(block.pfn), block.order);
	if (!err)
		scan_take(s, f, b, &block);
	/* The highatomic reserve (-EPERM) stays fresh, and no retry waits for it. */
	else if (err == -EBUSY)
		s->refused = true;
	return !flight_is_full(f);
}

/* The unit of a place, which may lie outside of the map. */
static unsigned long scan_unit(const struct blocks *b, unsigned long pfn)
{
	return blocks_unit(b, clamp(pfn, b->base, blocks_pfn(b, b->units)));
}

/* One section of zone->lock.  Return: false when the flight can hold no more. */
static bool scan_section(struct scan *s, struct flight *f, unsigned long pages)
{
	struct blocks *b = zones_blocks(s->zone);
	unsigned int left = s->batch;
	unsigned long last, end;

	lockdep_assert_held(&s->zone->lock);
	if (!b || !b->fresh_units) {
		s->ended = true;
		return false;
	}
	zone_memory(s->zone, &s->memory);
	s->memory.out = flights_zone_pages(s->zone);
	last = scan_unit(b, s->cursor.end);
	end = min(last, scan_unit(b, s->cursor.at) + SCAN_WINDOW);
	while (left--) {
		unsigned long unit = blocks_next(b, scan_unit(b, s->cursor.at),
						 end);

		if (unit >= end) {
			s->cursor.at = max(s->cursor.at, blocks_pfn(b, end));
			break;
		}
		if (!scan_visit(s, f, b, unit, pages))
			return false;
	}
	s->ended = scan_unit(b, s->cursor.at) >= last;
	return !s->ended;
}

void scan_fill(struct scan *s, struct flight *f, unsigned long pages)
{
	struct lock_time time;
	bool more;

	s->later = false;
	do {
		zone_lock(s->zone, &time);
		more = scan_section(s, f, pages);
		zone_unlock(s->zone, &time);
		cond_resched();
	} while (more);
}
