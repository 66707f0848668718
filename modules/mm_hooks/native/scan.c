// SPDX-License-Identifier: GPL-2.0-only
/*
 * Find fresh blocks of a zone, and take them out of the allocator.
 *
 * What is fresh is known (blocks.c), so no free list is walked: each fresh unit is
 * looked up by its address, in sections of zone->lock that visit a batch of them.
 */
#include "scan.h"

#include <linux/memory_hotplug.h>
#include <linux/minmax.h>
#include <linux/mm.h>
#include <linux/mm_hooks.h>
#include <linux/mmzone.h>
#include <linux/sched.h>
#include <linux/vmstat.h>

#include "../counters.h"
#include "flight.h"
#include "lock_time.h"
#include "page_orders.h"
#include "zones.h"

/* Bits of the map that are looked at for each block of a batch. */
#define SCAN_WINDOW 64

u64 mm_hooks_longest_lock_ns;

/* A free block: page frame and order; order 0 and pfn 0 for none. */
struct block {
	unsigned long pfn;
	unsigned int order;
};

/* The free block around a page frame of at least @least.  Return: is there? */
static bool block_around(struct zone *zone, unsigned long pfn,
			 unsigned int least, struct block *block)
{
	struct page *page = pfn_to_online_page(pfn);
	unsigned int order;

	if (!page || page_zone(page) != zone)
		return false;
	for (order = least; order < NR_PAGE_ORDERS; order++) {
		unsigned long head = pfn & ~((1UL << order) - 1);

		page = pfn_to_page(head);
		if (!PageBuddy(page))
			continue;
		*block = (struct block){
			.pfn = head, .order = page_private(page)
		};
		return pfn < head + (1UL << block->order) &&
		       block->order >= least;
	}
	return false;
}

/* Is the block to be left alone for now? */
static bool scan_spares(struct scan *s, const struct blocks *b,
			unsigned long unit, const struct block *block)
{
	u32 wait = policy_wait(&s->policy, block->order,
			       (s32)blocks_age(b, unit, s->now));

	if (wait)
		s->wait = min_t(unsigned long, s->wait, wait);
	return wait;
}

/* Takes a block.  Return: the first unit of it that is still fresh, or its end. */
static unsigned long scan_take(struct flight *f, struct blocks *b,
			       const struct block *block)
{
	unsigned long unit = blocks_unit(b, block->pfn);
	unsigned long end = unit + (1UL << (block->order - b->unit_order));

	mm_hooks_count(taken_blocks);
	zones_counts(f->zone)->taken_blocks[block->order]++;
	flight_add(f, block->pfn, block->order);
	while (unit < end && !flight_is_full(f)) {
		struct blocks_run run = blocks_take(b, unit, end);

		if (!run.count)
			return end;
		flight_report(f, blocks_pfn(b, run.first),
			      run.count << b->unit_order);
		unit = run.first + run.count;
	}
	return unit;
}

/* Return: false when the flight can hold no more. */
static bool scan_visit(struct scan *s, struct flight *f, struct blocks *b,
		       unsigned long unit, unsigned long pages)
{
	struct block block;

	if (!block_around(s->zone, blocks_pfn(b, unit), b->unit_order,
			  &block)) {
		blocks_drop(b, unit);
		s->cursor = unit + 1;
		return true;
	}
	s->cursor = unit;
	if (f->pages && f->pages + (1UL << block.order) > pages)
		return false;
	s->scarce = !policy_affords(zone_page_state(s->zone, NR_FREE_PAGES),
				    high_wmark_pages(s->zone), block.order);
	if (s->scarce)
		return false;
	s->cursor = blocks_unit(b, block.pfn + (1UL << block.order));
	if (scan_spares(s, b, unit, &block))
		return true;
	if (mm_hooks_take_block(pfn_to_page(block.pfn), block.order))
		s->cursor = scan_take(f, b, &block);
	else	/* somebody is about to have this memory */
		s->cursor = unit + 1;
	return !flight_is_full(f);
}

/* One section of zone->lock.  Return: false when the flight can hold no more. */
static bool scan_section(struct scan *s, struct flight *f, unsigned long pages)
{
	struct blocks *b = zones_blocks(s->zone);
	unsigned int left = s->batch;
	unsigned long end;

	lockdep_assert_held(&s->zone->lock);
	if (!b) {
		s->ended = true;
		return false;
	}
	end = min(b->units, s->cursor + (unsigned long)left * SCAN_WINDOW);
	while (left--) {
		unsigned long unit = blocks_next(b, s->cursor, end);

		if (unit >= end) {
			s->cursor = end;
			break;
		}
		if (!scan_visit(s, f, b, unit, pages))
			return false;
	}
	s->ended = s->cursor >= b->units;
	return !s->ended;
}

void scan_fill(struct scan *s, struct flight *f, unsigned long pages)
{
	struct lock_time time;
	bool more;

	do {
		zone_lock(s->zone, &time);
		more = scan_section(s, f, pages);
		zone_unlock(s->zone, &time);
		cond_resched();
	} while (more);
}
