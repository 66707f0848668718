/* SPDX-License-Identifier: GPL-2.0-only */
/* The zones of all nodes, one after another: the kernel's own way is not for modules. */
#ifndef MMH_ZONE_NEXT_H
#define MMH_ZONE_NEXT_H

#include <linux/mmzone.h>
#include <linux/nodemask.h>

/**
 * mmh_zone_next() - the next zone that the allocator has pages of
 * @index: 0 for the first one; moves behind the one that is returned
 *
 * Context: any.
 * Return: a zone, NULL behind the last one.
 */
static inline struct zone *mmh_zone_next(unsigned int *index)
{
	while (*index < nr_node_ids * MAX_NR_ZONES) {
		int nid = *index / MAX_NR_ZONES;
		unsigned int z = (*index)++ % MAX_NR_ZONES;

		if (node_online(nid) &&
		    managed_zone(&NODE_DATA(nid)->node_zones[z]))
			return &NODE_DATA(nid)->node_zones[z];
	}
	return NULL;
}

#endif /* MMH_ZONE_NEXT_H */
