// SPDX-License-Identifier: GPL-2.0-only
/* Completed reports: first the map learns the result, then the blocks are put back. */
#include "putback.h"

#include <linux/log2.h>
#include <linux/minmax.h>
#include <linux/mm.h>
#include <linux/mm_hooks.h>
#include <linux/mmzone.h>
#include <linux/pageblock-flags.h>
#include <linux/scatterlist.h>
#include <linux/sched.h>

#include "../pace/pacer.h"
#include "../settings.h"
#include "free_block.h"
#include "freed.h"
#include "inflight.h"
#include "zone_lock.h"
#include "zones.h"

/* Units of the map that are completed in one section of zone->lock. */
#define PUTBACK_SECTION 512UL

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
	mm_hooks_putback_block(pfn_to_page(pfn), order);
	mmh_pacer_account_isolated(-(s64)(PAGE_SIZE << order));
	return order;
}

/* How far a putback has come: a range or block, and pages of it. */
struct place {
	unsigned int at;
	unsigned long pages;
};

/* Has the device discarded what was reported, and is that not to be forgotten? */
static bool is_reported(const struct mmh_inflight *f)
{
	return !f->slot.status && f->epoch == mmh_zones_epoch();
}

/*
 * Tells the map the result of a report, in one section of zone->lock: a forget from
 * then on finds it in the map.
 */
static void complete_some(struct mmh_inflight *f, struct place *p)
{
	bool reported = is_reported(f);
	struct mmh_blocks *b = mmh_zones_blocks(f->zone);
	unsigned long left = PUTBACK_SECTION;

	lockdep_assert_held(&f->zone->lock);
	while (left && p->at < f->slot.report.nents) {
		struct scatterlist *s = &f->slot.sg[p->at];
		unsigned long pages = s->length >> PAGE_SHIFT;
		unsigned long pfn = page_to_pfn(sg_page(s)) + p->pages;
		struct mmh_blocks_run run = {
			.first = mmh_blocks_unit(b, pfn),
			.count = min((pages - p->pages) >> b->unit_order, left),
		};

		mmh_blocks_complete(b, run, reported);
		left -= run.count;
		p->pages += run.count << b->unit_order;
		if (p->pages == pages)
			*p = (struct place){ .at = p->at + 1 };
	}
}

/*
 * Small blocks have no place in the map: the kernel's flag tells that they are reported.
 *
 * Where a neighbour was freed meanwhile, both are one block now.  The free hook is silent
 * for a putback.  So a block that has become large is marked as freed here, and the next
 * pass reports it.
 */
static void flag_piece(struct mmh_inflight *f, unsigned long pfn, unsigned int order)
{
	unsigned int unit_order = mmh_zones_blocks(f->zone)->unit_order;
	struct mmh_free_block block;

	lockdep_assert_held(&f->zone->lock);
	if (mmh_free_block_find(f->zone, pfn, unit_order, &block))
		mmh_freed_mark(f->zone, pfn, order);
	else if (is_reported(f) && PageBuddy(pfn_to_page(pfn)) &&
		 page_private(pfn_to_page(pfn)) == order)
		__SetPageReported(pfn_to_page(pfn));
}

/* zone->lock is held. */
static void count_zone(const struct mmh_inflight *f)
{
	struct mmh_zone_counts *counts = mmh_zones_counts(f->zone);

	if (f->slot.status)
		counts->failed_pages += f->slot.report.bytes >> PAGE_SHIFT;
	else
		counts->reported_pages += f->slot.report.bytes >> PAGE_SHIFT;
}

/*
 * Puts at most @batch pieces into the allocator, in one section of zone->lock.
 * Return: are all back?
 */
static bool put_some(struct mmh_inflight *f, struct place *p,
		     unsigned int batch)
{
	unsigned long back = 0;

	while (p->at < f->count && batch--) {
		const struct mmh_inflight_block *block = &f->blocks[p->at];
		unsigned int order = put_piece(block->pfn + p->pages,
					       block->pages - p->pages);

		if (f->small)
			flag_piece(f, block->pfn + p->pages, order);
		back += 1UL << order;
		p->pages += 1UL << order;
		if (p->pages == block->pages)
			*p = (struct place){ .at = p->at + 1 };
	}
	mmh_zones_counts(f->zone)->putback_pages += back;
	if (p->at < f->count)
		return false;
	count_zone(f);
	return true;
}

/* First the map, while the blocks are isolated; then the allocator. */
void mmh_inflight_putback(struct mmh_inflight *f)
{
	struct place completed = {}, put = {};
	struct mmh_lock_time time;
	bool back = false;

	while (!back) {
		mmh_zone_lock(f->zone, &time);
		if (!f->small && completed.at < f->slot.report.nents)
			complete_some(f, &completed);
		else
			back = put_some(f, &put, mmh_scan_batch());
		mmh_zone_unlock(f->zone, &time);
		cond_resched();
	}
}
