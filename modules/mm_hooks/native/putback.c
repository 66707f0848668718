// SPDX-License-Identifier: GPL-2.0-only
/* A flight that has landed: into the map, then into the allocator. */
#include "putback.h"

#include <linux/log2.h>
#include <linux/minmax.h>
#include <linux/mm.h>
#include <linux/mm_hooks.h>
#include <linux/mmzone.h>
#include <linux/pageblock-flags.h>
#include <linux/scatterlist.h>
#include <linux/sched.h>

#include "../pacer.h"
#include "../params.h"
#include "flight.h"
#include "lock_time.h"
#include "zones.h"

/* Units of the map that are settled in one section of zone->lock. */
#define FLIGHT_SECTION 512UL

/*
 * Whole blocks in the largest pieces that have one migratetype.  The pacer, on another
 * processor, never sees more than one of them twice.
 */
static unsigned int put_piece(unsigned long pfn, unsigned long pages)
{
	unsigned int order = min_t(unsigned int, pageblock_order,
				   ilog2(pages));

	if (pfn)
		order = min_t(unsigned int, order, __ffs(pfn));
	mm_hooks_put_block(pfn_to_page(pfn), order);
	mm_hooks_pacer_out(-(s64)(PAGE_SIZE << order));
	return order;
}

/* How far a landing has come: an entry or block, and pages of it. */
struct place {
	unsigned int at;
	unsigned long pages;
};

/* Tells the map what the host made of the chain, in one section of zone->lock. */
static void flight_settle_some(struct flight *f, struct place *p)
{
	bool gone = flight_is_gone(f);
	struct blocks *b = zones_blocks(f->zone);
	unsigned long left = FLIGHT_SECTION;

	lockdep_assert_held(&f->zone->lock);
	while (left && p->at < f->chain.nents) {
		struct scatterlist *s = &f->sg[p->at];
		unsigned long pages = s->length >> PAGE_SHIFT;
		unsigned long pfn = page_to_pfn(sg_page(s)) + p->pages;
		struct blocks_run run = {
			.first = blocks_unit(b, pfn),
			.count = min((pages - p->pages) >> b->unit_order, left),
		};

		blocks_back(b, run, gone);
		left -= run.count;
		p->pages += run.count << b->unit_order;
		if (p->pages == pages)
			*p = (struct place){ .at = p->at + 1 };
	}
}

/* zone->lock is held. */
static void flight_count_zone(const struct flight *f)
{
	struct zone_counts *counts = zones_counts(f->zone);

	if (f->status)
		counts->failed_pages += f->chain.bytes >> PAGE_SHIFT;
	else
		counts->reported_pages += f->chain.bytes >> PAGE_SHIFT;
}

/*
 * Puts at most @batch pieces into the allocator, in one section of zone->lock.
 * Return: are all back?
 */
static bool flight_put_some(struct flight *f, struct place *p,
			    unsigned int batch)
{
	unsigned long back = 0;

	while (p->at < f->count && batch--) {
		const struct flight_block *block = &f->blocks[p->at];
		unsigned int order = put_piece(block->pfn + p->pages,
					       block->pages - p->pages);

		back += 1UL << order;
		p->pages += 1UL << order;
		if (p->pages == block->pages)
			*p = (struct place){ .at = p->at + 1 };
	}
	zones_counts(f->zone)->returned_pages += back;
	if (p->at < f->count)
		return false;
	flight_count_zone(f);
	return true;
}

/* First the map, while nobody can have the blocks; then they are back. */
void flight_putback(struct flight *f)
{
	struct place settled = {}, put = {};
	struct lock_time time;
	bool back = false;

	while (!back) {
		zone_lock(f->zone, &time);
		if (settled.at < f->chain.nents)
			flight_settle_some(f, &settled);
		else
			back = flight_put_some(f, &put, mm_hooks_scan_batch());
		zone_unlock(f->zone, &time);
		cond_resched();
	}
}
