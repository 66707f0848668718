// SPDX-License-Identifier: GPL-2.0-only
/* The free memory of a zone, as the kernel's watermarks judge it. */
#include "zone_memory.h"

#include <linux/lockdep.h>
#include <linux/minmax.h>
#include <linux/mm.h>
#include <linux/mmzone.h>
#include <linux/vmstat.h>

#include "page_orders.h"
#include "policy.h"
#include "zone_reserve.h"

/* Most allocations can use neither CMA nor the highatomic reserve. */
void mmh_zone_memory(struct zone *zone, struct mmh_policy_memory *m)
{
	unsigned long free = zone_page_state(zone, NR_FREE_PAGES);
	unsigned long cma = zone_page_state(zone, NR_FREE_CMA_PAGES);
	unsigned long other;

	lockdep_assert_held(&zone->lock);
	if (free < zone->percpu_drift_mark) {
		free = zone_page_state_snapshot(zone, NR_FREE_PAGES);
		cma = zone_page_state_snapshot(zone, NR_FREE_CMA_PAGES);
	}
	other = cma + vmhooks_zone_reserve(zone);
	*m = (struct mmh_policy_memory){
		.free = free,
		.usable = free - min(free, other),
		.most = mmh_policy_zone_most(zone_managed_pages(zone)),
		.low = low_wmark_pages(zone),
		.high = high_wmark_pages(zone),
	};
}

unsigned long mmh_zone_large_pages(const struct zone *zone, const struct mmh_policy_memory *m,
				   unsigned int order)
{
	unsigned long pages = 0, other = m->free - m->usable;

	lockdep_assert_held(&zone->lock);
	for (; order < NR_PAGE_ORDERS; order++)
		pages += zone->free_area[order].nr_free << order;
	return pages - min(pages, other);
}
