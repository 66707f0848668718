// SPDX-License-Identifier: GPL-2.0-only
/*
 * Make every free block unreported.
 *
 * The allocator keeps the reported flag for as long as a block stays free.
 * The kernel never clears it for any other reason, although after a restore
 * from hibernation the host holds all of that memory again.
 */
#include "forget.h"

#include <linux/mmzone.h>
#include <linux/page-flags.h>
#include <linux/pageblock-flags.h>
#include <linux/spinlock.h>

#include "mm.h"
#include "zone_next.h"

static void forget_list(struct zone *zone, struct list_head *list)
{
	struct page *page;

	spin_lock_irq(&zone->lock);
	list_for_each_entry(page, list, lru)
		__ClearPageReported(page);
	spin_unlock_irq(&zone->lock);
	cond_resched();
}

static void forget_zone(struct zone *zone, unsigned int lowest)
{
	unsigned int order, type;

	for (order = lowest; order < NR_PAGE_ORDERS; order++)
		for (type = 0; type < MIGRATE_TYPES; type++)
			forget_list(zone, &zone->free_area[order].free_list[type]);
}

void mm_hooks_forget_blocks(unsigned int lowest)
{
	unsigned int i = 0;
	struct zone *zone;

	lowest = min_t(unsigned int, lowest, pageblock_order);
	while ((zone = mm_hooks_zone_next(&i)))
		forget_zone(zone, lowest);
}
