/* SPDX-License-Identifier: GPL-2.0-only */
/* The maps of the guest's zones: which blocks the host holds. */
#ifndef MM_HOOKS_ZONES_H
#define MM_HOOKS_ZONES_H

#include <linux/types.h>

#include "blocks.h"
#include "page_orders.h"

struct page;
struct zone;

/**
 * struct zone_counts - what happened in a zone since the module was loaded
 * @taken_pages:    taken out of the allocator
 * @returned_pages: put back into it
 * @reported_pages: in chains that the host has acknowledged
 * @failed_pages:   in chains that it has not
 * @retaken_pages:  taken into use again after they had been reported
 * @taken_blocks:   blocks that were taken, by their order
 */
struct zone_counts {
	u64 taken_pages;
	u64 returned_pages;
	u64 reported_pages;
	u64 failed_pages;
	u64 retaken_pages;
	u64 taken_blocks[NR_PAGE_ORDERS];
};

/**
 * struct zone_state - a zone at one moment
 * @counts:	 see there
 * @fresh_pages: to be reported, as far as they are free
 * @gone_pages:	 that the host has and that have not been freed since
 */
struct zone_state {
	struct zone_counts counts;
	u64 fresh_pages;
	u64 gone_pages;
};

/**
 * zones_init() - make the maps; every block counts as fresh
 * @unit_order: order of the smallest block that is reported
 *
 * Context: process, may sleep, before free_hook_attach().
 * Return: 0 or -ENOMEM.
 */
int zones_init(unsigned int unit_order);

/**
 * zones_exit() - give the maps back; the counts stay
 *
 * Context: process, after free_hook_detach(), nothing in flight.
 */
void zones_exit(void);

/* Give the counts back too.  Context: process, module exit, after zones_exit(). */
void zones_destroy(void);

/**
 * zones_update() - follow memory that came or went
 *
 * Zones that have outgrown their map get a new one, which inherits from the old one.
 *
 * Context: process, may sleep.
 * Return: 0 or -ENOMEM: then new memory is not reported before another call.
 */
int zones_update(void);

/* Has the last call of the one above or below found no memory?  Context: any. */
bool zones_behind(void);

/**
 * zones_set_unit() - change the smallest block that is reported
 * @unit_order: its order
 *
 * What is gone, stays so, as far as that is known in other units.  May be called again
 * after an error.
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
 * zones_counts() - the counts of a zone that has a map
 * @zone: the zone
 *
 * Context: zone->lock held, which also covers what is returned.
 * Return: the counts.
 */
struct zone_counts *zones_counts(struct zone *zone);

/**
 * zones_state() - a zone at this moment
 * @zone:  any zone
 * @state: what to fill
 *
 * Context: process.
 */
void zones_state(struct zone *zone, struct zone_state *state);

/**
 * zones_resume() - where the small blocks of a zone are to go on
 * @zone: a zone that has a map
 *
 * Context: the pass.
 * Return: a place for a page frame, kept from pass to pass.
 */
unsigned long *zones_resume(struct zone *zone);

/**
 * zones_present() - memory is online
 * @start: first page frame
 * @end:   behind the last one
 *
 * The kernel frees it before it says that it is there: a pass that came by in between has
 * dropped it.
 *
 * Context: process, may sleep.
 */
void zones_present(unsigned long start, unsigned long end);

/**
 * zones_absent() - memory is offline
 * @start: first page frame
 * @end:   behind the last one
 *
 * Context: process, may sleep.
 */
void zones_absent(unsigned long start, unsigned long end);

/* How many zones have a map.  Context: as zones_next(). */
unsigned int zones_number(void);

/**
 * zones_next() - go through the zones that have a map
 * @index: 0 at first; moved on
 *
 * The highest zone of a node comes first.  It has most of the memory, and a small zone
 * like DMA, which gives one block at a time, does not hold it up.
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

/**
 * zones_holds() - has the host discarded a block, and was nothing of it freed since?
 * @page:  its first page, which the caller has
 * @order: its order
 *
 * Context: process, between zones_init() and zones_destroy().
 * Return: whether it is so.
 */
bool zones_holds(struct page *page, unsigned int order);

/* Bytes that are fresh, and that are gone, in all zones.  Context: process. */
u64 zones_fresh_bytes(void);
u64 zones_gone_bytes(void);

#endif /* MM_HOOKS_ZONES_H */
