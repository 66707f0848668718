/* SPDX-License-Identifier: GPL-2.0-only */
/* The free memory of a zone, as the kernel's watermarks judge it. */
#ifndef MM_HOOKS_ZONE_MEMORY_H
#define MM_HOOKS_ZONE_MEMORY_H

struct policy_memory;
struct zone;

/**
 * zone_memory() - the memory of a zone
 * @zone: the zone
 * @m:	  all but @m->large and @m->out is set
 *
 * Each processor counts some pages by itself.  Where these could hide that the zone is
 * short of memory, they are added up.  That reads a cache line of every processor, so
 * it is done once in a section of zone->lock.
 *
 * Context: zone->lock held, under which all of this changes.
 */
void zone_memory(struct zone *zone, struct policy_memory *m);

/**
 * zone_large() - what any allocation can have in large blocks
 * @zone:  the zone
 * @m:	   its memory
 * @order: the order of the smallest blocks that count
 *
 * Context: zone->lock held.
 * Return: pages.
 */
unsigned long zone_large(const struct zone *zone, const struct policy_memory *m,
			 unsigned int order);

#endif /* MM_HOOKS_ZONE_MEMORY_H */
