/* SPDX-License-Identifier: GPL-2.0-only */
/* The map of one zone: it follows the zone's span, its memory and the order of a unit. */
#ifndef MMH_ZONE_MAP_H
#define MMH_ZONE_MAP_H

#include <linux/cache.h>
#include <linux/types.h>

#include "blocks.h"
#include "page_orders.h"

struct zone;

/**
 * struct mmh_zone_counts - what happened in a zone since the module was loaded
 * @isolated_pages:  isolated from the allocator
 * @putback_pages:   put back into it
 * @reported_pages:  in completed reports
 * @failed_pages:    in failed reports
 * @reused_pages:    used again after they had been reported
 * @isolated_blocks: isolated blocks, by their order
 */
struct mmh_zone_counts {
	u64 isolated_pages;
	u64 putback_pages;
	u64 reported_pages;
	u64 failed_pages;
	u64 reused_pages;
	u64 isolated_blocks[NR_PAGE_ORDERS];
};

/**
 * struct mmh_zone_map - the map of a zone
 * @zone:   the zone
 * @resume: where the pass is to go on with small blocks, see mmh_zones_resume()
 * @blocks: the map, NULL without one; under zone->lock
 * @counts: under zone->lock
 *
 * The functions below change the map.  One of them runs at a time: zones.c has a lock.
 */
struct mmh_zone_map {
	struct zone *zone;
	unsigned long resume;
	struct mmh_blocks *blocks;
	struct mmh_zone_counts counts;
} ____cacheline_aligned_in_smp;

/**
 * mmh_zone_map_update() - follow the zone
 * @map:   the map, of which @zone is set
 * @order: order of a unit.  Another one than before needs that nothing is in flight.
 * @start: a page frame of the first memory section that may have got pages
 * @end:   behind the last page frame that may have
 *
 * What is known stays.  Memory that has come is unreported.
 *
 * Context: process, may sleep.
 * Return: 0, or -ENOMEM.  It may be called again after an error.
 */
int mmh_zone_map_update(struct mmh_zone_map *map, unsigned int order, unsigned long start,
			unsigned long end);

/* Free the map; the counts stay.  Context: process, may sleep. */
void mmh_zone_map_exit(struct mmh_zone_map *map);

/**
 * mmh_zone_map_forget() - memory counts as unreported
 * @map:   the map, which has @blocks
 * @start: a page frame of its first memory section
 * @end:   behind its last page frame
 *
 * Context: process, may sleep.
 */
void mmh_zone_map_forget(const struct mmh_zone_map *map, unsigned long start,
			 unsigned long end);

/**
 * mmh_zone_map_mark_offline() - memory is offline
 * @map:   the map, which has @blocks
 * @start: a page frame of its first memory section
 * @end:   behind its last page frame
 *
 * Context: process, may sleep.
 */
void mmh_zone_map_mark_offline(const struct mmh_zone_map *map, unsigned long start,
			       unsigned long end);

#endif /* MMH_ZONE_MAP_H */
