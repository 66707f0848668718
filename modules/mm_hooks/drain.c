// SPDX-License-Identifier: GPL-2.0-only
/*
 * Empty the lists of the processors on a kernel without the companion patch.
 *
 * drain_all_pages() is not for modules, but alloc_contig_range() is, and before it
 * looks for what is left in an isolated block, it empties the lists of the whole
 * zone.  So one page of a block that is free is taken that way and given back.
 *
 * The block is found by allocating it, as unmovable memory: that is never one of
 * CMA's, whose type would be lost.  Where somebody else is faster before it is
 * isolated, the range is busy, and nothing has happened.
 *
 * Who may run at the same time: the work item and a flush, which take turns by
 * drain_lock; memory that goes offline waits for them, and none begins meanwhile,
 * so the page exists for as long as it is looked at.
 */
#include "drain.h"

#include <linux/gfp.h>
#include <linux/jiffies.h>
#include <linux/memory.h>
#include <linux/memory_hotplug.h>
#include <linux/minmax.h>
#include <linux/mm.h>
#include <linux/mmzone.h>
#include <linux/mutex.h>
#include <linux/nodemask.h>
#include <linux/notifier.h>
#include <linux/vmstat.h>
#include <linux/workqueue.h>

#include "contig_range.h"
#include "counters.h"
#include "mm.h"
#include "pacer.h"
#include "params.h"
#include "pcp.h"

/* What is off the free lists meanwhile; the pacer is not to see it go. */
#define DRAIN_BLOCK ((s64)PAGE_SIZE << MAX_PAGE_ORDER)

static DEFINE_MUTEX(drain_lock);
static bool offlining;		/* under drain_lock */
static unsigned long last;	/* jiffies; written under drain_lock */

static int on_memory(struct notifier_block *nb, unsigned long action, void *arg)
{
	mutex_lock(&drain_lock);
	if (action == MEM_GOING_OFFLINE)
		offlining = true;
	else if (action == MEM_OFFLINE || action == MEM_CANCEL_OFFLINE)
		offlining = false;
	mutex_unlock(&drain_lock);
	return NOTIFY_OK;
}

static struct notifier_block memory_nb = { .notifier_call = on_memory };

/*
 * Movable memory may come out of CMA, so it is asked for only where there is no
 * other: in ZONE_MOVABLE, unless that has CMA as well.
 */
static bool may_isolate(struct zone *zone, gfp_t where)
{
	if (!(where & __GFP_MOVABLE))
		return true;
	return zone_idx(zone) == ZONE_MOVABLE &&
	       !zone_page_state(zone, NR_FREE_CMA_PAGES);
}

/* Return: the zone whose lists are empty now, NULL for none. */
static struct zone *drain_zone(int nid, gfp_t where, const struct zone *but)
{
	struct page *page;
	struct zone *zone;
	unsigned long pfn;

	lockdep_assert_held(&drain_lock);
	page = alloc_pages_node(nid, where | __GFP_THISNODE | __GFP_NOWARN |
				__GFP_NORETRY | __GFP_NOMEMALLOC,
				MAX_PAGE_ORDER);
	if (!page)
		return NULL;
	pfn = page_to_pfn(page);
	zone = page_zone(page);
	__free_pages(page, MAX_PAGE_ORDER);
	if (zone == but || !may_isolate(zone, where) ||
	    !pfn_to_online_page(pfn) || vmhooks_contig_page(pfn, GFP_KERNEL))
		return NULL;
	vmhooks_free_contig_page(pfn);
	return zone;
}

static void drain_node(int nid)
{
	static const gfp_t where[] = {
		0, __GFP_DMA32, __GFP_HIGHMEM | __GFP_MOVABLE,
	};
	struct zone *zone, *before = NULL;
	unsigned int i;

	mm_hooks_pacer_out(DRAIN_BLOCK);
	for (i = 0; i < ARRAY_SIZE(where); i++) {
		zone = drain_zone(nid, where[i], before);
		before = zone ?: before;
	}
	mm_hooks_pacer_out(-DRAIN_BLOCK);
	if (before)
		mm_hooks_count(pcp_drains);
}

static void drain(unsigned long many)
{
	int nid;

	mutex_lock(&drain_lock);
	if (!offlining && mm_hooks_pcp_pages() >= many) {
		WRITE_ONCE(last, jiffies);
		for_each_online_node(nid)
			drain_node(nid);
	}
	mutex_unlock(&drain_lock);
}

static void drain_work_fn(struct work_struct *work)
{
	drain(mm_hooks_pcp_many());
}

static DECLARE_DELAYED_WORK(drain_work, drain_work_fn);

void mm_hooks_drain_soon(void)
{
	unsigned long delay = msecs_to_jiffies(mm_hooks_delay_ms());
	unsigned long since = jiffies - READ_ONCE(last);

	if (since < HZ)
		delay = max(delay, HZ - since);
	mod_delayed_work(system_freezable_wq, &drain_work, delay);
}

void mm_hooks_drain_now(void)
{
	drain(PCP_EACH_PAGES);
}

int mm_hooks_drain_start(void)
{
	last = jiffies - HZ;
	return register_memory_notifier(&memory_nb);
}

void mm_hooks_drain_stop(void)
{
	cancel_delayed_work_sync(&drain_work);
	unregister_memory_notifier(&memory_nb);
	offlining = false;
}
