/* SPDX-License-Identifier: GPL-2.0-only */
/* The maps of the guest's zones: which blocks are reported. */
#ifndef MMH_ZONES_H
#define MMH_ZONES_H

#include <linux/types.h>

#include "zone_map.h"

struct page;
struct zone;

/**
 * struct mmh_zone_state - a zone at one moment
 * @counts:		 see there
 * @unreported_pages:    to be reported, as far as they are free
 * @reported_free_pages: reported, and not freed since
 */
struct mmh_zone_state {
	struct mmh_zone_counts counts;
	u64 unreported_pages;
	u64 reported_free_pages;
};

/**
 * mmh_zones_init() - make the maps; every block counts as unreported
 * @unit_order: order of the smallest block that is reported
 *
 * Context: process, may sleep, before mmh_freed_start().
 * Return: 0 or -ENOMEM.
 */
int mmh_zones_init(unsigned int unit_order);

/**
 * mmh_zones_exit() - free the maps; the counts stay
 *
 * Context: process, after mmh_freed_stop(), nothing in flight.
 */
void mmh_zones_exit(void);

/* Free the counts, too.  Context: process, module exit, after mmh_zones_exit(). */
void mmh_zones_destroy(void);

/**
 * mmh_zones_update() - follow memory that came
 * @start: its first page frame
 * @end:   behind the last one
 *
 * Context: process, may sleep.
 * Return: 0 or -ENOMEM: then new memory is not reported before mmh_zones_set_unit().
 */
int mmh_zones_update(unsigned long start, unsigned long end);

/* Has a call of the one above found no memory, or the last of the one below?  Context: any. */
bool mmh_zones_need_update(void);

/**
 * mmh_zones_set_unit() - change the smallest block that is reported
 * @unit_order: its order
 *
 * What is reported stays so, as far as the new units can tell.  Memory that came is followed,
 * too.  May be called again after an error.
 *
 * Context: process, may sleep, nothing in flight.
 * Return: 0, or -ENOMEM: then nothing has changed where there was no memory.
 */
int mmh_zones_set_unit(unsigned int unit_order);

/**
 * mmh_zones_blocks() - the map of a zone
 * @zone: the zone
 *
 * Context: zone->lock held, which also covers what is returned.
 * Return: the map, or NULL where there is none.
 */
struct mmh_blocks *mmh_zones_blocks(struct zone *zone);

/**
 * mmh_zones_counts() - the counts of a zone that has a map
 * @zone: the zone
 *
 * Context: zone->lock held, which also covers what is returned.
 * Return: the counts.
 */
struct mmh_zone_counts *mmh_zones_counts(struct zone *zone);

/**
 * mmh_zones_state() - a zone at this moment
 * @zone:  any zone
 * @state: what to fill
 *
 * Context: process.
 */
void mmh_zones_state(struct zone *zone, struct mmh_zone_state *state);

/**
 * mmh_zones_resume() - where the small blocks of a zone are to go on
 * @zone: a zone that has a map
 *
 * Context: the pass.
 * Return: a place for a page frame, kept from pass to pass.
 */
unsigned long *mmh_zones_resume(struct zone *zone);

/**
 * mmh_zones_mark_online() - memory is online
 * @start: first page frame
 * @end:   behind the last one
 *
 * The kernel frees it before it says that it is there: a pass that came by in between has
 * dropped it.
 *
 * Context: process, may sleep.
 */
void mmh_zones_mark_online(unsigned long start, unsigned long end);

/**
 * mmh_zones_mark_offline() - memory is offline
 * @start: first page frame
 * @end:   behind the last one
 *
 * Context: process, may sleep.
 */
void mmh_zones_mark_offline(unsigned long start, unsigned long end);

/* Has a zone that has a map unreported units?  Context: as mmh_zones_next_mapped(). */
bool mmh_zones_have_unreported(struct zone *zone);

/* How many zones have.  Context: as mmh_zones_next_mapped(). */
unsigned int mmh_zones_count_unreported(void);

/**
 * mmh_zones_next_mapped() - go through the zones that have a map
 * @index: 0 at first; moved on
 *
 * The highest zone of a node comes first.  It has most of the memory, and a small zone
 * like DMA, which gives one block at a time, does not hold it up.
 *
 * Context: process, between mmh_zones_init() and mmh_zones_exit().
 * Return: a zone, NULL after the last.
 */
struct zone *mmh_zones_next_mapped(unsigned int *index);

/**
 * mmh_zones_forget() - every block of every zone counts as unreported
 *
 * Context: process, may sleep.
 */
void mmh_zones_forget(void);

/**
 * mmh_zones_epoch() - the number of mmh_zones_forget() so far
 *
 * A report that was opened in another epoch completes as unreported.
 *
 * Context: any.
 * Return: the number.
 */
unsigned int mmh_zones_epoch(void);

/**
 * mmh_zones_have_reported() - has the host discarded a block, and was nothing of it freed since?
 * @page:  its first page, which the caller has
 * @order: its order
 *
 * Context: process, between mmh_zones_init() and mmh_zones_destroy().
 * Return: whether it is so.
 */
bool mmh_zones_have_reported(struct page *page, unsigned int order);

/* Pages in memory that was reused, and blocks isolated, in all zones.  Context: process. */
u64 mmh_zones_reused_pages(void);
u64 mmh_zones_isolated_blocks(void);

/* Bytes that are unreported, and reported and not freed since, in all zones.  Context: process. */
u64 mmh_zones_unreported_bytes(void);
u64 mmh_zones_reported_bytes(void);

#endif /* MMH_ZONES_H */
