/* SPDX-License-Identifier: GPL-2.0-only */
/* The free memory of a zone, as the kernel's watermarks judge it. */
#ifndef MMH_ZONE_MEMORY_H
#define MMH_ZONE_MEMORY_H

struct mmh_policy_memory;
struct zone;

/**
 * mmh_zone_memory() - the memory of a zone
 * @zone: the zone
 * @m:	  all but @m->large and @m->inflight is set
 *
 * Each processor counts some pages by itself.  Where these could hide that the zone is
 * short of memory, they are added up.  That reads a cache line of every processor, so
 * it is done once in a section of zone->lock.
 *
 * Context: zone->lock held, under which all of this changes.
 */
void mmh_zone_memory(struct zone *zone, struct mmh_policy_memory *m);

/**
 * mmh_zone_large_pages() - what any allocation can have in large blocks
 * @zone:  the zone
 * @m:	   its memory
 * @order: the order of the smallest blocks that count
 *
 * Context: zone->lock held.
 * Return: pages.
 */
unsigned long mmh_zone_large_pages(const struct zone *zone, const struct mmh_policy_memory *m,
				   unsigned int order);

#endif /* MMH_ZONE_MEMORY_H */
