/* SPDX-License-Identifier: GPL-2.0-only */
/* The maps of the guest's zones: which blocks the host holds. */
#ifndef MM_HOOKS_ZONES_H
#define MM_HOOKS_ZONES_H

#include <linux/types.h>

#include "blocks.h"

struct zone;

/**
 * zones_init() - make the maps; every block counts as fresh
 * @unit_order: order of the smallest block that is reported
 *
 * Context: process, may sleep, before free_hook_attach().
 * Return: 0 or -ENOMEM.
 */
int zones_init(unsigned int unit_order);

/**
 * zones_exit() - give the maps back
 *
 * Context: process, after free_hook_detach(), nothing in flight.
 */
void zones_exit(void);

/**
 * zones_update() - follow memory that came or went
 *
 * Zones whose span has changed get a new map, which inherits from the old one.
 *
 * Context: process, may sleep.
 * Return: 0 or -ENOMEM: then new memory is not reported.
 */
int zones_update(void);

/**
 * zones_set_unit() - change the smallest block that is reported
 * @unit_order: its order
 *
 * Every block counts as fresh after it.
 *
 * Context: process, may sleep, nothing in flight.
 * Return: 0, or -ENOMEM: then nothing has changed where there was no memory.
 */
int zones_set_unit(unsigned int unit_order);

/**
 * zones_blocks() - the map of a zone
 * @zone: the zone
 *
 * Context: zone->lock held, which also covers what is returned.
 * Return: the map, or NULL where there is none.
 */
struct blocks *zones_blocks(struct zone *zone);

/**
 * zones_next() - go through the zones that have a map
 * @index: 0 at first; moved on
 *
 * Context: process, between zones_init() and zones_exit().
 * Return: a zone, NULL after the last.
 */
struct zone *zones_next(unsigned int *index);

/**
 * zones_forget() - every block of every zone counts as fresh
 *
 * Context: process, may sleep.
 */
void zones_forget(void);

/* Bytes that are fresh, and that are gone, in all zones.  Context: process. */
u64 zones_fresh_bytes(void);
u64 zones_gone_bytes(void);

#endif /* MM_HOOKS_ZONES_H */
