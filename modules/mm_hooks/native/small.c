// SPDX-License-Identifier: GPL-2.0-only
/*
 * Find small blocks that are unreported, and report them.
 *
 * The map has units of report_order, and the free hook is silent about smaller blocks, so
 * that it costs a busy guest nothing.  The kernel's reported flag remembers which of them
 * are reported (small_flag.c).  So the pass looks for free blocks without the flag, by
 * their address, in sections of zone->lock that visit a bounded number of places.
 *
 * putback.c sets the flag.
 */
#include "small.h"

#include <linux/align.h>
#include <linux/errno.h>
#include <linux/memory_hotplug.h>
#include <linux/mm.h>
#include <linux/mmzone.h>
#include <linux/sched.h>

#include "../discarded.h"
#include "../forget.h"
#include "../mm_hooks_trace.h"
#include "../pace/pacer.h"
#include "free_block.h"
#include "inflight.h"
#include "zone_lock.h"
#include "zone_memory.h"
#include "zones.h"

/* Places that one section visits.  Most are pages in use, a read of one cache line. */
#define SMALL_SECTION 64

/* Where the pass is: the place of mmh_zones_next_mapped(), and a page frame of that zone. */
static struct {
	unsigned int zone;
	unsigned long pfn;
} at;

/* Would the zone stay above its watermark without the block? */
static bool small_affords(struct mmh_small *s, unsigned int order)
{
	enum mmh_policy_isolate take;

	if (!s->counted) {
		mmh_zone_memory(s->zone, &s->memory);
		s->memory.inflight = mmh_inflight_zone_pages(s->zone);
		s->counted = true;
	}
	s->memory.large = mmh_zone_large_pages(s->zone, &s->memory, order);
	take = mmh_policy_isolate(&s->memory, order);
	s->later = take == POLICY_LATER;
	s->scarce = take == POLICY_SCARCE;
	return take == POLICY_ISOLATE;
}

/* Return: false when the report gets no more for now, and the block is visited again. */
static bool small_take(struct mmh_small *s, struct mmh_inflight *f,
		       const struct mmh_small_place *p, unsigned long pages)
{
	const struct mmh_free_block block = { .pfn = p->pfn, .order = p->order };
	unsigned long size = 1UL << p->order;

	if (mmh_discarded_any() && mmh_discarded_spare(p->pfn, p->order)) {
		__SetPageReported(pfn_to_page(p->pfn));
		s->discarded += size;
		return true;
	}
	if (f->pages && f->pages + size > pages)
		return false;
	if (!small_affords(s, p->order))
		return false;
	/* Neither an isolated pageblock nor the highatomic reserve is retried. */
	if (mmh_inflight_isolate(f, &block))
		return true;
	mmh_policy_isolated(&s->memory, p->order);
	mmh_inflight_add_range(f, p->pfn, size);
	return true;
}

/* What is at a page frame of an online memory section. */
static struct mmh_small_place small_look(const struct zone *zone, unsigned long pfn)
{
	struct mmh_small_place p = { .pfn = pfn };
	struct page *page = pfn_to_online_page(pfn);

	lockdep_assert_held(&zone->lock);
	if (!page || page_zone(page) != zone || !PageBuddy(page))
		return p;
	p.is_free = true;
	p.order = page_private(page);
	p.reported = PageReported(page);
	return p;
}

/* Return: false when the report gets no more for now. */
static bool small_visit(struct mmh_small *s, struct mmh_inflight *f,
			const struct mmh_blocks *b, unsigned long pages)
{
	struct mmh_small_place p;

	if (!mmh_blocks_leaf(b, at.pfn)) {
		at.pfn = ALIGN(at.pfn + 1, LEAF_PAGES);
		return true;
	}
	p = small_look(s->zone, at.pfn);
	if (mmh_small_is_due(&s->walk, &p) && !small_take(s, f, &p, pages))
		return false;
	at.pfn = mmh_small_next(&s->walk, &p);
	return true;
}

/* One section of zone->lock.  Return: is there more for this report? */
static bool small_section(struct mmh_small *s, struct mmh_inflight *f, unsigned long pages)
{
	const struct mmh_blocks *b = mmh_zones_blocks(s->zone);
	unsigned long end = zone_end_pfn(s->zone);
	unsigned int left = SMALL_SECTION;

	lockdep_assert_held(&s->zone->lock);
	s->counted = false;
	at.pfn = max(at.pfn, ALIGN_DOWN(s->zone->zone_start_pfn, 1UL << s->walk.low));
	if (!b)
		at.pfn = end;
	for (; left && at.pfn < end; left--) {
		if (mmh_slot_is_full(&f->slot) ||
		    !mmh_small_goes_on(&s->walk, f->slot.report.nents) ||
		    !small_visit(s, f, b, pages))
			return false;
	}
	return at.pfn < end;
}

static void small_fill(struct mmh_small *s, struct mmh_inflight *f, unsigned long pages)
{
	struct mmh_lock_time time;
	bool more;

	s->later = false;
	do {
		mmh_zone_lock(s->zone, &time);
		more = small_section(s, f, pages);
		mmh_zone_unlock(s->zone, &time);
		cond_resched();
	} while (more);
}

/* Fills and submits one report.  Return: 0, or an error that ends the pass. */
static int small_report(struct mmh_small *s)
{
	unsigned long pages;
	struct mmh_inflight *f = mmh_inflight_get(s->zone, &pages);
	unsigned int ranges;
	int err;

	if (!f)
		return -ESHUTDOWN;
	f->small = true;
	small_fill(s, f, pages);
	ranges = f->slot.report.nents;
	mmh_small_sent(&s->walk, ranges);
	s->sent |= ranges > 0;
	err = mmh_inflight_submit(f);
	if (!err && s->later)
		mmh_inflight_wait_next();
	return err;
}

/* From where the pass is up to the end of that zone. */
static int small_zone(struct mmh_small *s)
{
	int err = 0;

	s->scarce = false;
	while (!err && !s->scarce && !s->walk.cut && at.pfn < zone_end_pfn(s->zone))
		err = small_report(s);
	return err;
}

static int small_zones(struct mmh_small *s)
{
	unsigned int next;
	int err = 0;

	if (!s->again) {
		at.zone = 0;
		at.pfn = 0;
	}
	next = at.zone;
	while ((s->zone = mmh_zones_next_mapped(&next))) {
		at.zone = next - 1;
		err = small_zone(s);
		if (err || s->walk.cut)
			break;
		at.pfn = 0;
	}
	return err;
}

int mmh_small_pass(struct mmh_small *s)
{
	int err, landed;

	mmh_inflight_clear_error();
	mmh_forget_note(s->walk.low);
	err = small_zones(s);
	mmh_pacer_discarded((u64)s->discarded << PAGE_SHIFT);
	landed = mmh_inflight_wait_and_putback();
	trace_mmh_pass(s->sent, s->walk.cut, landed ?: err, -1);
	return landed ?: err;
}
