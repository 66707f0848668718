// SPDX-License-Identifier: GPL-2.0-only
/*
 * The reserve: free memory that is allocated while inflation makes the guest reclaim.
 *
 * Near the floor no counter says how much the guest can still reclaim: swap and
 * shrinkers respond only to allocations.  So the size worker allocates the floor first,
 * inflates until reclaim finds no more memory, and frees the floor.  These pages are
 * never sent to the device.
 */
#include "reserve.h"

#include <linux/gfp.h>
#include <linux/jiffies.h>
#include <linux/log2.h>
#include <linux/minmax.h>
#include <linux/mm.h>
#include <linux/sched.h>

#include "mm.h"
#include "state.h"

/*
 * As for balloon pages, but not from ZONE_MOVABLE, which must be ready to go offline:
 * without __GFP_HIGHMEM, __GFP_MOVABLE selects only the free lists.  Unmovable
 * allocations would convert pageblocks and boost the watermarks.
 */
#define RESERVE_GFP (GFP_USER | __GFP_MOVABLE | __GFP_NOMEMALLOC | \
		     __GFP_NORETRY | __GFP_NOWARN)

/*
 * Freed blocks below this order, and of pageblock_order, go to the pcplists.  A guest
 * that cannot reclaim does not drain these before OOM.
 */
#define RESERVE_MIN_ORDER (PAGE_ALLOC_COSTLY_ORDER + 1)

/*
 * Freed single pages go to the pcplists, up to an eighth of a zone, where other CPUs
 * cannot allocate them.  A block of this order that is freed right after another one
 * flushes these lists.  So the reserve has some, which are freed last.
 */
#define RESERVE_FLUSH_ORDER 1
#define RESERVE_FLUSHES 16

/* Jiffies for which a freed reserve counts as freed for an OOM. */
#define RESERVE_RECENT HZ

void br_reserve_init(struct br_reserve *reserve)
{
	spin_lock_init(&reserve->lock);
	INIT_LIST_HEAD(&reserve->blocks);
}

void br_reserve_begin(struct br_reserve *reserve)
{
	spin_lock(&reserve->lock);
	reserve->oom = false;
	spin_unlock(&reserve->lock);
}

/* Only allocations of single pages reclaim, as in balloon_page_alloc(). */
static struct page *reserve_alloc_block(unsigned int order)
{
	gfp_t gfp = order ? RESERVE_GFP & ~__GFP_RECLAIM : RESERVE_GFP;
	struct page *page = alloc_pages(gfp, order);

	if (page)
		set_page_private(page, order);
	return page;
}

/* The largest order to try for @pages after a larger order than @order failed. */
static unsigned int reserve_order(unsigned int order, unsigned long pages)
{
	order = min_t(unsigned int, order, ilog2(pages));
	if (order == pageblock_order)
		order--;
	return order < RESERVE_MIN_ORDER ? 0 : order;
}

static void reserve_free_block(struct page *page)
{
	unsigned int order = page_private(page);

	set_page_private(page, 0);
	__free_pages(page, order);
}

/* Return: false when an OOM notification freed the reserve meanwhile. */
static bool reserve_add(struct br_reserve *reserve, struct page *page)
{
	bool oom;

	spin_lock(&reserve->lock);
	oom = reserve->oom;
	if (!oom) {
		/* Blocks are freed in the order of the list. */
		if (page_private(page) == RESERVE_FLUSH_ORDER)
			list_add_tail(&page->lru, &reserve->blocks);
		else
			list_add(&page->lru, &reserve->blocks);
		reserve->pages += 1UL << page_private(page);
	}
	spin_unlock(&reserve->lock);
	if (oom)
		reserve_free_block(page);
	return !oom;
}

static bool reserve_grow(struct br_device *dev, unsigned long pages)
{
	struct br_reserve *reserve = &dev->reserve;
	unsigned int order = MAX_PAGE_ORDER;
	unsigned long have;
	struct page *page;

	/* Only this worker adds pages.  An OOM notification that frees them sets @oom. */
	while ((have = READ_ONCE(reserve->pages)) < pages) {
		if (!br_is_runnable(dev) || br_reserve_is_oom_freed(reserve))
			return false;
		order = reserve_order(order, pages - have);
		page = reserve_alloc_block(order);
		if (page && !reserve_add(reserve, page))
			return false;
		if (!page && !order--)
			return false;
		cond_resched();
	}
	return !br_reserve_is_oom_freed(reserve);
}

/* Return: false when an OOM notification freed the reserve meanwhile. */
static bool reserve_add_flushes(struct br_reserve *reserve)
{
	struct page *page;
	unsigned int i;

	for (i = 0; i < RESERVE_FLUSHES; i++) {
		page = reserve_alloc_block(RESERVE_FLUSH_ORDER);
		if (!page)
			break;
		if (!reserve_add(reserve, page))
			return false;
	}
	return true;
}

bool br_reserve_fill(struct br_device *dev, unsigned long pages)
{
	bool empty = !br_reserve_has_pages(&dev->reserve);

	if ((!empty || reserve_add_flushes(&dev->reserve)) &&
	    reserve_grow(dev, pages))
		return true;
	br_reserve_free(&dev->reserve);
	return false;
}

bool br_reserve_has_pages(const struct br_reserve *reserve)
{
	return READ_ONCE(reserve->pages);
}

bool br_reserve_is_oom_freed(const struct br_reserve *reserve)
{
	return READ_ONCE(reserve->oom);
}

static unsigned long reserve_free_all(struct br_reserve *reserve, bool oom)
{
	struct page *page, *next;
	unsigned long pages;
	LIST_HEAD(blocks);

	spin_lock(&reserve->lock);
	list_splice_init(&reserve->blocks, &blocks);
	pages = reserve->pages;
	WRITE_ONCE(reserve->pages, 0);
	if (oom)
		WRITE_ONCE(reserve->oom, true);
	if (pages) {
		reserve->freed = true;
		reserve->freed_at = jiffies;
	} else if (oom && reserve->freed) {
		/* One page stands for those that the worker has just freed. */
		reserve->freed = time_before(jiffies, reserve->freed_at + RESERVE_RECENT);
		pages = reserve->freed;
	}
	spin_unlock(&reserve->lock);
	list_for_each_entry_safe(page, next, &blocks, lru)
		reserve_free_block(page);
	return pages;
}

void br_reserve_free(struct br_reserve *reserve)
{
	reserve_free_all(reserve, false);
}

unsigned long br_reserve_free_on_oom(struct br_reserve *reserve)
{
	return reserve_free_all(reserve, true);
}
