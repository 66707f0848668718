// SPDX-License-Identifier: GPL-2.0-only
/* The free blocks of the allocator, by address. */
#include "free_block.h"

#include <linux/memory_hotplug.h>
#include <linux/mm.h>
#include <linux/mmzone.h>

#include "page_orders.h"

bool mmh_free_block_find(struct zone *zone, unsigned long pfn, unsigned int least,
			 struct mmh_free_block *block)
{
	struct page *page = pfn_to_online_page(pfn);
	unsigned int order;

	lockdep_assert_held(&zone->lock);
	if (!page || page_zone(page) != zone)
		return false;
	for (order = least; order < NR_PAGE_ORDERS; order++) {
		unsigned long head = pfn & ~((1UL << order) - 1);

		/* A node may begin in the middle: another lock guards what is before. */
		page = pfn_to_page(head);
		if (!PageBuddy(page) || page_zone(page) != zone)
			continue;
		*block = (struct mmh_free_block){
			.pfn = head, .order = page_private(page)
		};
		return pfn < head + (1UL << block->order) &&
		       block->order >= least;
	}
	return false;
}
