// SPDX-License-Identifier: GPL-2.0-only
/*
 * Empty the lists of the processors on a kernel without the companion patch.
 *
 * drain_all_pages() is not for modules, but alloc_contig_range() is, and before it
 * looks for what is left in an isolated range, it empties the lists of the whole
 * zone.  So a few pages of a block that is free are taken that way and given back.
 *
 * The block is found by allocating it, as unmovable memory: that never comes from
 * CMA.  ZONE_MOVABLE is left alone, it is there to be unplugged: where an isolation
 * fails because another one has the block, the kernel undoes both.
 *
 * Who may run at the same time: one work item, and whoever asks for it.  Memory
 * that goes offline waits for it, and it does nothing while some does: the page
 * exists for as long as it is looked at.
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
#include <linux/workqueue.h>

#include "contig_range.h"
#include "counters.h"
#include "mm.h"
#include "pacer.h"
#include "params.h"
#include "pcp.h"

/* What is taken: too large for the lists of the processors. */
#define DRAIN_ORDER (PAGE_ALLOC_COSTLY_ORDER + 1)
#define DRAIN_BLOCK ((u64)PAGE_SIZE << MAX_PAGE_ORDER)
/* Between two drains: a second, doubled while the lists fill up again. */
#define DRAIN_REST HZ
#define DRAIN_REST_MAX (64 * HZ)

static DEFINE_MUTEX(drain_lock);
static bool offlining;		/* under drain_lock */
static bool flush;		/* whatever the lists hold */
static unsigned long next;	/* jiffies; written by the work item */

static int on_memory(struct notifier_block *nb, unsigned long action, void *arg)
{
	bool begins = action == MEM_GOING_OFFLINE;

	if (!begins && action != MEM_OFFLINE && action != MEM_CANCEL_OFFLINE)
		return NOTIFY_OK;
	mutex_lock(&drain_lock);
	offlining = begins;
	mutex_unlock(&drain_lock);
	return NOTIFY_OK;
}

static struct notifier_block memory_nb = { .notifier_call = on_memory };

/* The host had it, and it has been written to since. */
static struct page *block_get(int nid, gfp_t where)
{
	struct page *page =
		alloc_pages_node(nid, where | __GFP_THISNODE | __GFP_NOWARN |
				 __GFP_NORETRY | __GFP_NOMEMALLOC,
				 MAX_PAGE_ORDER);

	if (page)
		mm_hooks_pacer_out(DRAIN_BLOCK);
	return page;
}

static void block_free(struct page *page)
{
	mm_hooks_pacer_unknown(DRAIN_BLOCK);
	mm_hooks_pacer_out(-(s64)DRAIN_BLOCK);
	__free_pages(page, MAX_PAGE_ORDER);
}

static struct zone *zone_of(int nid, gfp_t where)
{
	return &NODE_DATA(nid)->node_zones[gfp_zone(where)];
}

/*
 * Pages in its lists, 0 where they are to stay.  A block that was taken in vain is
 * reported once more, and that asks for the next drain: so there has to be one.
 */
static unsigned long zone_drainable(struct zone *zone)
{
	unsigned long pages = 0;

	if (managed_zone(zone) &&
	    READ_ONCE(zone->free_area[MAX_PAGE_ORDER].nr_free))
		pages = mm_hooks_pcp_zone_pages(zone);
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
		mm_hooks_count(pcp_drains);
}

/* Lists that are full each time are in use: ever later, and no harm is done. */
static void drain_work_fn(struct work_struct *work)
{
	static unsigned long rest = DRAIN_REST;
	unsigned long pages = drainable_pages();

	if (READ_ONCE(flush)) {
		WRITE_ONCE(flush, false);
		drain();
	} else if (pages < mm_hooks_pcp_many()) {
		rest = DRAIN_REST;
	} else if (mm_hooks_pacer_is_waiting() ||
		   !mm_hooks_pacer_lists_rest(pages)) {
		queue_delayed_work(system_freezable_wq, to_delayed_work(work),
				   DRAIN_REST);
	} else {
		drain();
		WRITE_ONCE(next, jiffies + rest);
		rest = min_t(unsigned long, rest * 2, DRAIN_REST_MAX);
	}
}

static DECLARE_DELAYED_WORK(drain_work, drain_work_fn);

void mm_hooks_drain_soon(void)
{
	unsigned long delay = msecs_to_jiffies(mm_hooks_delay_ms());
	long left = READ_ONCE(next) - jiffies;

	mod_delayed_work(system_freezable_wq, &drain_work,
			 max_t(long, delay, left));
	/* One for a flush is not put off. */
	if (READ_ONCE(flush))
		mod_delayed_work(system_freezable_wq, &drain_work, 0);
}

void mm_hooks_drain_flush(void)
{
	WRITE_ONCE(flush, true);
	mod_delayed_work(system_freezable_wq, &drain_work, 0);
}

bool mm_hooks_drain_is_due(void)
{
	return mm_hooks_work_is_due(&drain_work);
}

int mm_hooks_drain_start(void)
{
	next = jiffies;
	return register_memory_notifier(&memory_nb);
}

void mm_hooks_drain_stop(void)
{
	cancel_delayed_work_sync(&drain_work);
	unregister_memory_notifier(&memory_nb);
	offlining = false;
	flush = false;
}
