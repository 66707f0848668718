/* SPDX-License-Identifier: GPL-2.0-only */
/* Pages that become free are marked in the map of their zone. */
#ifndef MMH_FREED_H
#define MMH_FREED_H

#include <linux/types.h>

struct zone;

/**
 * mmh_freed_start() - follow what becomes free
 * @least: order of the smallest free block to hear about
 *
 * Context: process, may sleep; after mmh_zones_init().
 * Return: 0 or a negative errno.
 */
int mmh_freed_start(unsigned int least);

/**
 * mmh_freed_stop() - stop following
 *
 * After the return nothing of this runs.  Context: process, may sleep.
 */
void mmh_freed_stop(void);

/**
 * mmh_freed_mark() - pages have become free, in a block of a unit or more
 * @zone:  their zone
 * @pfn:   the first of them
 * @order: how many
 *
 * For what the hook does not tell of.
 *
 * Context: @zone->lock held, NMI included.
 */
void mmh_freed_mark(struct zone *zone, unsigned long pfn, unsigned int order);

/**
 * mmh_freed_rearm() - the next free wakes the pacer again
 *
 * Called before the maps are read, so that a later free is not missed.
 *
 * Context: any.
 * Return: was anything freed since the last call?
 */
bool mmh_freed_rearm(void);

/**
 * mmh_freed_backdate() - backdate what becomes free from now on
 * @age: jiffies for which it counts as free already
 *
 * Context: the pass.
 */
void mmh_freed_backdate(u32 age);

#endif /* MMH_FREED_H */
