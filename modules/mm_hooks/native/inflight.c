// SPDX-License-Identifier: GPL-2.0-only
/* Blocks in flight: isolated, in a report that the device has not completed. */
#include "inflight.h"

#include <linux/jiffies.h>
#include <linux/mm.h>
#include <linux/mm_hooks.h>
#include <linux/mmzone.h>
#include <linux/printk.h>
#include <linux/scatterlist.h>
#include <linux/wait.h>

#include "../mm_hooks_trace.h"
#include "../pace/pacer.h"
#include "../settings.h"
#include "free_block.h"
#include "policy.h"
#include "putback.h"
#include "zones.h"

/* Enough to keep a device busy while the next report is filled. */
#define INFLIGHT_MAX 8
/* A report that is in flight for longer is with a slow device. */
#define INFLIGHT_RECENT (HZ / 10)

/*
 * The pass writes an entry, except for what mmh_report_done() writes.  Isolation, the
 * shrinker and the OOM notifier read it without a lock:
 *
 * - The state of the slot is written with release and read with acquire.  A reader that
 *   sees MMH_SLOT_FILLING sees @zone.  One that sees MMH_SLOT_INFLIGHT sees the time of
 *   the submission.  One that sees MMH_SLOT_IDLE sees the blocks in the allocator.
 * - inflight_add_block() writes a block before @count, with release.  Isolation asks
 *   for pageblocks that it has isolated under zone->lock.  The pass added each block of
 *   them under that lock before.  So the reader sees all of them.
 * - An entry may be put back and filled again while it is read.  The reader then sees
 *   blocks that it has not asked for, or none.  It waits for one putback too many at most.
 */
static struct mmh_inflight inflight[INFLIGHT_MAX];
static struct mmh_reporter *reporter;	/* for the log */
static unsigned long inflight_pages;	/* those of entries that are filled included */
static unsigned long putback_pages;	/* ever */
static int error;
static DECLARE_WAIT_QUEUE_HEAD(putback_wait);	/* other contexts, for a putback */

void mmh_inflight_start(struct mmh_reporter *rep)
{
	unsigned int i;

	mmh_reports_start(rep);
	for (i = 0; i < INFLIGHT_MAX; i++) {
		inflight[i] = (struct mmh_inflight){};
		mmh_slot_register(&inflight[i].slot);
	}
	reporter = rep;
	error = 0;
	WRITE_ONCE(inflight_pages, 0);
}

/* The device may write to the pages at any time: no other code ever may. */
static void inflight_lose(const struct mmh_inflight *f)
{
	unsigned int i;

	for (i = 0; i < f->count; i++)
		mmh_lose(f->blocks[i].pfn, f->blocks[i].pages);
	mmh_pacer_account_isolated(-((s64)f->pages << PAGE_SHIFT));
	pr_err("%s: %lu pages stay out of use until the guest reboots\n",
	       reporter->name, f->pages);
}

static void inflight_set_idle(struct mmh_inflight *f)
{
	mmh_slot_set_state(&f->slot, MMH_SLOT_IDLE);
	wake_up_all(&putback_wait);
}

static void inflight_complete(struct mmh_inflight *f)
{
	int status = mmh_slot_account(&f->slot);
	bool small = f->small || mmh_blocks_are_small(f->slot.sg, f->slot.report.nents);

	error = error ?: status;
	mmh_pacer_reported(f->slot.report.bytes, small, status);
	if (status == MMH_LOST)
		inflight_lose(f);
	else
		mmh_inflight_putback(f);
	WRITE_ONCE(inflight_pages, inflight_pages - f->pages);
	WRITE_ONCE(putback_pages, putback_pages + f->pages);
	inflight_set_idle(f);
}

static struct mmh_inflight *inflight_find(int state)
{
	struct mmh_slot *slot = mmh_slot_find(state);

	return slot ? container_of(slot, struct mmh_inflight, slot) : NULL;
}

static void inflight_putback_completed(void)
{
	struct mmh_inflight *f;

	while ((f = inflight_find(MMH_SLOT_COMPLETED)))
		inflight_complete(f);
}

/* Something is in flight: puts back what completes next. */
static void inflight_wait(void)
{
	mmh_reports_wait();
	inflight_putback_completed();
}

/* Return: the entry, or NULL when reports were stopped at this moment. */
static struct mmh_inflight *inflight_open(struct mmh_inflight *f, struct zone *zone)
{
	WRITE_ONCE(f->count, 0);
	WRITE_ONCE(f->pages, 0);
	WRITE_ONCE(f->zone, zone);
	f->epoch = mmh_zones_epoch();
	f->small = false;
	mmh_slot_open(&f->slot);
	if (!mmh_reports_are_stopped())
		return f;
	inflight_set_idle(f);
	return NULL;
}

static unsigned long inflight_share(struct zone *zone)
{
	unsigned long most = (unsigned long)mmh_inflight_mb() << (20 - PAGE_SHIFT);
	unsigned long zone_most = mmh_policy_zone_most(zone_managed_pages(zone));

	return min(mmh_policy_share(most, inflight_pages),
		   mmh_policy_share(zone_most, mmh_inflight_zone_pages(zone)));
}

struct mmh_inflight *mmh_inflight_get(struct zone *zone, unsigned long *pages)
{
	struct mmh_inflight *f;

	inflight_putback_completed();
	while (!error && !mmh_reports_are_stopped()) {
		f = inflight_find(MMH_SLOT_IDLE);
		*pages = inflight_share(zone);
		if (f && *pages)
			return inflight_open(f, zone);
		inflight_wait();
	}
	return NULL;
}

static void inflight_add_block(struct mmh_inflight *f, const struct mmh_free_block *block)
{
	struct mmh_inflight_block *last = &f->blocks[f->count];
	unsigned long pages = 1UL << block->order;

	lockdep_assert_held(&f->zone->lock);
	WRITE_ONCE(f->pages, f->pages + pages);
	WRITE_ONCE(inflight_pages, inflight_pages + pages);
	if (f->count && last[-1].pfn + last[-1].pages == block->pfn) {
		WRITE_ONCE(last[-1].pages, last[-1].pages + pages);
		return;
	}
	WRITE_ONCE(last->pfn, block->pfn);
	WRITE_ONCE(last->pages, pages);
	/* Pairs with inflight_has(): behind the block. */
	smp_store_release(&f->count, f->count + 1);
}

int mmh_inflight_isolate(struct mmh_inflight *f, const struct mmh_free_block *block)
{
	struct mmh_zone_counts *counts = mmh_zones_counts(f->zone);
	s64 bytes = (s64)PAGE_SIZE << block->order;
	int err;

	lockdep_assert_held(&f->zone->lock);
	mmh_pacer_account_isolated(bytes);
	err = mm_hooks_isolate_block(pfn_to_page(block->pfn), block->order);
	if (err) {
		mmh_pacer_account_isolated(-bytes);
		return err;
	}
	counts->isolated_pages += 1UL << block->order;
	counts->isolated_blocks[block->order]++;
	trace_mmh_isolate(f->zone->name, block->pfn, block->order);
	inflight_add_block(f, block);
	return 0;
}

static struct scatterlist *report_last(struct mmh_slot *slot)
{
	return slot->report.nents ? &slot->sg[slot->report.nents - 1] : NULL;
}

/*
 * Cloud Hypervisor and crosvm discard only what lies in the memory region of a
 * range's first byte, and acknowledge all of it.  Regions end where memory
 * blocks do, and a memory block is a whole number of sections.
 */
static bool range_extends(struct scatterlist *s, unsigned long pfn)
{
	return s && page_to_pfn(sg_page(s)) + (s->length >> PAGE_SHIFT) == pfn &&
	       pfn % PAGES_PER_SECTION;
}

bool mmh_inflight_extends(struct mmh_inflight *f, unsigned long pfn)
{
	return range_extends(report_last(&f->slot), pfn);
}

void mmh_inflight_add_range(struct mmh_inflight *f, unsigned long pfn,
			    unsigned long pages)
{
	struct scatterlist *s = report_last(&f->slot);

	lockdep_assert_held(&f->zone->lock);
	if (range_extends(s, pfn)) {
		s->length += pages << PAGE_SHIFT;
		f->slot.report.bytes += pages << PAGE_SHIFT;
	} else {
		mmh_slot_add(&f->slot, pfn, pages);
	}
}

int mmh_inflight_submit(struct mmh_inflight *f)
{
	int err;

	if (!f->slot.report.nents) {
		inflight_set_idle(f);
		return 0;
	}
	while ((err = mmh_slot_submit(&f->slot)) == -ENOSPC &&
	       inflight_pages > f->pages)
		inflight_wait();
	if (err)
		inflight_complete(f);
	return err;
}

void mmh_inflight_wait_next(void)
{
	if (inflight_pages)
		inflight_wait();
}

int mmh_inflight_wait_and_putback(void)
{
	while (inflight_pages)
		inflight_wait();
	return error;
}

void mmh_inflight_clear_error(void)
{
	error = 0;
}

/* A block may be about to be put back: the caller asks again after each putback. */
static bool inflight_has(const struct mmh_inflight *f, unsigned long start,
			 unsigned long end)
{
	unsigned int count, i;

	if (mmh_slot_state(&f->slot) == MMH_SLOT_IDLE)
		return false;
	/* Pairs with inflight_add_block(). */
	count = smp_load_acquire(&f->count);
	for (i = 0; i < count; i++) {
		unsigned long pfn = READ_ONCE(f->blocks[i].pfn);

		if (pfn < end && start < pfn + READ_ONCE(f->blocks[i].pages))
			return true;
	}
	return false;
}

bool mmh_inflight_overlaps(unsigned long start, unsigned long end)
{
	unsigned int i;

	for (i = 0; i < INFLIGHT_MAX; i++)
		if (inflight_has(&inflight[i], start, end))
			return true;
	return false;
}

/* Before its submission and after its completion an entry waits for the pass only. */
static unsigned long isolation_timeout(const struct mmh_inflight *f)
{
	unsigned long since;

	if (mmh_slot_state(&f->slot) != MMH_SLOT_INFLIGHT)
		return mmh_policy_isolation_timeout(0, HZ);
	since = READ_ONCE(f->slot.since);
	return mmh_policy_isolation_timeout(jiffies - since, HZ);
}

unsigned long mmh_inflight_isolation_timeout(unsigned long start, unsigned long end)
{
	unsigned long longest = 0;
	unsigned int i;

	for (i = 0; i < INFLIGHT_MAX; i++)
		if (inflight_has(&inflight[i], start, end))
			longest = max(longest, isolation_timeout(&inflight[i]));
	return longest;
}

bool mmh_inflight_wait_range(unsigned long start, unsigned long end)
{
	wait_event_timeout(putback_wait, !mmh_inflight_isolation_timeout(start, end),
			   mmh_inflight_isolation_timeout(start, end));
	return !mmh_inflight_overlaps(start, end);
}

unsigned long mmh_inflight_wait_some(unsigned long timeout)
{
	unsigned long before = READ_ONCE(putback_pages);

	if (mmh_inflight_pages())
		wait_event_timeout(putback_wait,
				   READ_ONCE(putback_pages) != before, timeout);
	return READ_ONCE(putback_pages) - before;
}

static bool inflight_is_recent(const struct mmh_inflight *f)
{
	int state = mmh_slot_state(&f->slot);

	if (state == MMH_SLOT_INFLIGHT)
		return time_before(jiffies, READ_ONCE(f->slot.since) + INFLIGHT_RECENT);
	return state != MMH_SLOT_IDLE;
}

unsigned long mmh_inflight_recent_pages(int nid)
{
	unsigned long pages = 0;
	unsigned int i;

	for (i = 0; i < INFLIGHT_MAX; i++)
		if (inflight_is_recent(&inflight[i]) &&
		    zone_to_nid(READ_ONCE(inflight[i].zone)) == nid)
			pages += READ_ONCE(inflight[i].pages);
	return pages;
}

static bool inflight_is_idle(void)
{
	unsigned int i;

	for (i = 0; i < INFLIGHT_MAX; i++)
		if (mmh_slot_state(&inflight[i].slot) != MMH_SLOT_IDLE)
			return false;
	return true;
}

bool mmh_inflight_wait_idle(unsigned long timeout)
{
	return wait_event_timeout(putback_wait, inflight_is_idle(), timeout);
}

unsigned long mmh_inflight_pages(void)
{
	return READ_ONCE(inflight_pages);
}

unsigned long mmh_inflight_zone_pages(const struct zone *zone)
{
	unsigned long pages = 0;
	unsigned int i;

	for (i = 0; i < INFLIGHT_MAX; i++)
		if (mmh_slot_state(&inflight[i].slot) != MMH_SLOT_IDLE &&
		    inflight[i].zone == zone)
			pages += inflight[i].pages;
	return pages;
}
