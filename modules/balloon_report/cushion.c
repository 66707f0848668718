// SPDX-License-Identifier: GPL-2.0-only
/*
 * Memory that a squeeze keeps from the host.
 *
 * Near the floor no counter tells how much the guest can still reclaim: swap and
 * shrinkers answer only when they are asked for memory.  So the size worker takes
 * the floor out of the free memory first, inflates until reclaim finds nothing
 * more, and gives the floor back.  The host never hears of these pages.
 */
#include "cushion.h"

#include <linux/gfp.h>
#include <linux/jiffies.h>
#include <linux/log2.h>
#include <linux/minmax.h>
#include <linux/mm.h>
#include <linux/sched.h>

#include "balloon_report.h"
#include "mm.h"

/*
 * As the balloon's own pages, but not from ZONE_MOVABLE, which has to be offlined
 * at any time: without __GFP_HIGHMEM, __GFP_MOVABLE names only the free lists.
 * Those of unmovable pages would turn pageblocks over and boost the watermarks.
 */
#define CUSHION_GFP (GFP_USER | __GFP_MOVABLE | __GFP_NOMEMALLOC | \
		     __GFP_NORETRY | __GFP_NOWARN)

/*
 * Blocks below this order and of pageblock_order would go to the pcplists when
 * they are freed.  A guest that cannot reclaim does not drain these before OOM.
 */
#define CUSHION_LEAST_ORDER (PAGE_ALLOC_COSTLY_ORDER + 1)

/*
 * Single pages go to the pcplists, up to an eighth of a zone, where no other
 * processor gets them.  A block of this order that is freed right after another
 * one flushes these lists, so some are kept and freed last.
 */
#define CUSHION_FLUSH_ORDER 1
#define CUSHION_FLUSHES 16

/* For so long, pages that were given back count as given to an OOM. */
#define CUSHION_RECENT HZ

void br_cushion_init(struct br_cushion *cushion)
{
	spin_lock_init(&cushion->lock);
	INIT_LIST_HEAD(&cushion->blocks);
}

void br_cushion_begin(struct br_cushion *cushion)
{
	spin_lock(&cushion->lock);
	cushion->spent = false;
	spin_unlock(&cushion->lock);
}

/* Only single pages are worth reclaim, as in balloon_page_alloc(). */
static struct page *cushion_alloc(unsigned int order)
{
	gfp_t gfp = order ? CUSHION_GFP & ~__GFP_RECLAIM : CUSHION_GFP;
	struct page *page = alloc_pages(gfp, order);

	if (page)
		set_page_private(page, order);
	return page;
}

/* The largest order that may be tried for @pages after @order has failed. */
static unsigned int cushion_order(unsigned int order, unsigned long pages)
{
	order = min_t(unsigned int, order, ilog2(pages));
	if (order == pageblock_order)
		order--;
	return order < CUSHION_LEAST_ORDER ? 0 : order;
}

static void cushion_free(struct page *page)
{
	unsigned int order = page_private(page);

	set_page_private(page, 0);
	__free_pages(page, order);
}

/* Return: false when an OOM has spent the cushion meanwhile. */
static bool cushion_add(struct br_cushion *cushion, struct page *page)
{
	bool spent;

	spin_lock(&cushion->lock);
	spent = cushion->spent;
	if (!spent) {
		/* Freed in the order of the list. */
		if (page_private(page) == CUSHION_FLUSH_ORDER)
			list_add_tail(&page->lru, &cushion->blocks);
		else
			list_add(&page->lru, &cushion->blocks);
		cushion->pages += 1UL << page_private(page);
	}
	spin_unlock(&cushion->lock);
	if (spent)
		cushion_free(page);
	return !spent;
}

static bool cushion_fill(struct br_device *dev, unsigned long pages)
{
	struct br_cushion *cushion = &dev->cushion;
	unsigned int order = MAX_PAGE_ORDER;
	unsigned long have;
	struct page *page;

	/* Only this worker adds pages, and an OOM that takes them says so. */
	while ((have = READ_ONCE(cushion->pages)) < pages) {
		if (!br_may_work(dev) || br_cushion_is_spent(cushion))
			return false;
		order = cushion_order(order, pages - have);
		page = cushion_alloc(order);
		if (page && !cushion_add(cushion, page))
			return false;
		if (!page && !order--)
			return false;
		cond_resched();
	}
	return !br_cushion_is_spent(cushion);
}

/* Return: false when an OOM has spent the cushion meanwhile. */
static bool cushion_prepare(struct br_cushion *cushion)
{
	struct page *page;
	unsigned int i;

	for (i = 0; i < CUSHION_FLUSHES; i++) {
		page = cushion_alloc(CUSHION_FLUSH_ORDER);
		if (!page)
			break;
		if (!cushion_add(cushion, page))
			return false;
	}
	return true;
}

bool br_cushion_take(struct br_device *dev, unsigned long pages)
{
	bool fresh = !br_cushion_is_held(&dev->cushion);

	if ((!fresh || cushion_prepare(&dev->cushion)) &&
	    cushion_fill(dev, pages))
		return true;
	br_cushion_give(&dev->cushion);
	return false;
}

bool br_cushion_is_held(const struct br_cushion *cushion)
{
	return READ_ONCE(cushion->pages);
}

bool br_cushion_is_spent(const struct br_cushion *cushion)
{
	return READ_ONCE(cushion->spent);
}

static unsigned long cushion_release(struct br_cushion *cushion, bool spend)
{
	struct page *page, *next;
	unsigned long pages;
	LIST_HEAD(blocks);

	spin_lock(&cushion->lock);
	list_splice_init(&cushion->blocks, &blocks);
	pages = cushion->pages;
	WRITE_ONCE(cushion->pages, 0);
	if (spend)
		WRITE_ONCE(cushion->spent, true);
	if (pages) {
		cushion->given = true;
		cushion->when = jiffies;
	} else if (spend && cushion->given) {
		/* One page stands for those that the worker gave back just now. */
		cushion->given = time_before(jiffies, cushion->when + CUSHION_RECENT);
		pages = cushion->given;
	}
	spin_unlock(&cushion->lock);
	list_for_each_entry_safe(page, next, &blocks, lru)
		cushion_free(page);
	return pages;
}

void br_cushion_give(struct br_cushion *cushion)
{
	cushion_release(cushion, false);
}

unsigned long br_cushion_spend(struct br_cushion *cushion)
{
	return cushion_release(cushion, true);
}
