// SPDX-License-Identifier: GPL-2.0-only
/*
 * Drain the pcplists on a kernel without the companion patch.
 *
 * drain_all_pages() is not for modules, but alloc_contig_range() is, and before it
 * tests an isolated range, it drains the pcplists of the whole zone.  So a few pages of
 * a free block are allocated that way and freed.
 *
 * The block is found by allocating it, as unmovable memory: that never comes from
 * CMA.  ZONE_MOVABLE is left alone, it is there to be unplugged: where an isolation
 * fails because another one has the block, the kernel undoes both.
 *
 * Who may run at the same time: one work item, and its requesters.  Memory that goes
 * offline waits for it, and it does nothing while some does: the page exists for as
 * long as it is used here.
 */
#include "drain.h"

#include <linux/gfp.h>
#include <linux/jiffies.h>
#include <linux/memory_hotplug.h>
#include <linux/minmax.h>
#include <linux/mm.h>
#include <linux/mmzone.h>
#include <linux/mutex.h>
#include <linux/nodemask.h>
#include <linux/pageblock-flags.h>
#include <linux/vmstat.h>
#include <linux/workqueue.h>

#include "../counters.h"
#include "../hooks/hotplug.h"
#include "../pace/pacer.h"
#include "../pace/pcp.h"
#include "../settings.h"
#include "contig_range.h"
#include "mm.h"
#include "work.h"

/* What is allocated and freed: too large for the pcplists. */
#define DRAIN_ORDER (PAGE_ALLOC_COSTLY_ORDER + 1)
/* A part of it is, of 4 MiB: with large pages, MAX_PAGE_ORDER is far more. */
#define DRAIN_BLOCK_ORDER min_t(unsigned int, MAX_PAGE_ORDER, 22 - PAGE_SHIFT)
#define DRAIN_BLOCK ((u64)PAGE_SIZE << DRAIN_BLOCK_ORDER)
/* Between two drains: a second, doubled while the lists fill up again. */
#define DRAIN_REST HZ
#define DRAIN_REST_MAX (64 * HZ)

static DEFINE_MUTEX(drain_lock);
static bool offlining;		/* under drain_lock */
static bool flush;		/* whatever the lists hold */
static unsigned long next;	/* jiffies; written by the work item */

static void set_offlining(bool set)
{
	mutex_lock(&drain_lock);
	offlining = set;
	mutex_unlock(&drain_lock);
}

static int going_offline(unsigned long start, unsigned long end)
{
	set_offlining(true);
	return 0;
}

static void not_offlining(unsigned long start, unsigned long end)
{
	set_offlining(false);
}

static struct mmh_hotplug_client hotplug = {
	.going_offline = going_offline,
	.offline = not_offlining,
	.stays_online = not_offlining,
};

/* The host had it, and it has been written to since. */
static struct page *block_get(int nid, gfp_t where)
{
	struct page *page =
		alloc_pages_node(nid, where | __GFP_THISNODE | __GFP_NOWARN |
				 __GFP_NORETRY | __GFP_NOMEMALLOC,
				 DRAIN_BLOCK_ORDER);

	if (page)
		mmh_pacer_account_isolated(DRAIN_BLOCK);
	return page;
}

static void block_free(struct page *page)
{
	mmh_pacer_mark_unreported(DRAIN_BLOCK);
	mmh_pacer_account_isolated(-(s64)DRAIN_BLOCK);
	__free_pages(page, DRAIN_BLOCK_ORDER);
}

static struct zone *zone_of(int nid, gfp_t where)
{
	return &NODE_DATA(nid)->node_zones[gfp_zone(where)];
}

/* While a drain runs, the free memory of one pageblock cannot be allocated. */
static bool zone_has_block(struct zone *zone)
{
	unsigned int order;

	if (zone_page_state(zone, NR_FREE_PAGES) < high_wmark_pages(zone) + pageblock_nr_pages)
		return false;
	for (order = DRAIN_BLOCK_ORDER; order <= MAX_PAGE_ORDER; order++)
		if (READ_ONCE(zone->free_area[order].nr_free))
			return true;
	return false;
}

/*
 * Pages in its lists, 0 where they are to stay.  A block is reported once
 * more after it was allocated here, and that requests the next drain.  So there has to
 * be enough to drain.
 */
static unsigned long zone_drainable(struct zone *zone)
{
	unsigned long pages = 0;

	if (managed_zone(zone) && zone_has_block(zone))
		pages = mmh_pcp_zone_pages(zone);
	return pages < PCP_EACH_PAGES ? 0 : pages;
}

/* Pages in the lists that a drain would empty. */
static unsigned long drainable_pages(void)
{
	unsigned long pages = 0;
	int nid;

	if (!vmhooks_has_contig())
		return 0;
	for_each_online_node(nid)
		pages += zone_drainable(zone_of(nid, 0)) +
			 zone_drainable(zone_of(nid, __GFP_DMA32));
	return pages;
}

/* Return: are the lists of the zone that @where leads to empty now? */
static bool drain_zone(int nid, gfp_t where)
{
	struct zone *zone = zone_of(nid, where);
	struct page *page;
	unsigned long pfn;
	bool mine;

	lockdep_assert_held(&drain_lock);
	if (!zone_drainable(zone))
		return false;
	page = block_get(nid, where);
	if (!page)
		return false;
	pfn = page_to_pfn(page);
	mine = page_zone(page) == zone;
	block_free(page);
	if (!mine || !pfn_to_online_page(pfn) ||
	    vmhooks_take_contig(pfn, 1UL << DRAIN_ORDER))
		return false;
	vmhooks_give_contig(pfn, DRAIN_ORDER);
	return true;
}

static void drain(void)
{
	bool done = false;
	int nid;

	mutex_lock(&drain_lock);
	if (!offlining && vmhooks_has_contig()) {
		for_each_online_node(nid) {
			done |= drain_zone(nid, 0);
			done |= drain_zone(nid, __GFP_DMA32);
		}
	}
	mutex_unlock(&drain_lock);
	if (done)
		mmh_count(pcp_drains);
}

/* Lists that are full each time are in use: ever later, and no harm is done. */
static void drain_work_fn(struct work_struct *work)
{
	static unsigned long rest = DRAIN_REST;
	unsigned long pages = drainable_pages();

	if (READ_ONCE(flush)) {
		WRITE_ONCE(flush, false);
		drain();
	} else if (pages < mmh_pcp_drain_threshold()) {
		rest = DRAIN_REST;
	} else if (mmh_pacer_is_waiting() ||
		   !mmh_pacer_pcp_is_idle(pages)) {
		queue_delayed_work(system_freezable_wq, to_delayed_work(work),
				   DRAIN_REST);
	} else {
		drain();
		WRITE_ONCE(next, jiffies + rest);
		rest = min_t(unsigned long, rest * 2, DRAIN_REST_MAX);
	}
}

static DECLARE_DELAYED_WORK(drain_work, drain_work_fn);

void mmh_drain_soon(void)
{
	unsigned long delay = msecs_to_jiffies(mmh_delay_ms());
	long left = READ_ONCE(next) - jiffies;

	mod_delayed_work(system_freezable_wq, &drain_work,
			 max_t(long, delay, left));
	/* One for a flush is not put off. */
	if (READ_ONCE(flush))
		mod_delayed_work(system_freezable_wq, &drain_work, 0);
}

void mmh_drain_flush(void)
{
	WRITE_ONCE(flush, true);
	mod_delayed_work(system_freezable_wq, &drain_work, 0);
}

bool mmh_drain_is_due(void)
{
	return mmh_work_is_due(&drain_work);
}

int mmh_drain_start(void)
{
	next = jiffies;
	return mmh_hotplug_register(&hotplug);
}

void mmh_drain_stop(void)
{
	cancel_delayed_work_sync(&drain_work);
	mmh_hotplug_unregister(&hotplug);
	offlining = false;
	flush = false;
}
