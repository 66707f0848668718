/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Blocks in flight: isolated, in a report that the device has not completed.
 *
 * The pass (engine.c) takes an idle entry, scan.c or small.c fills it, report.c submits
 * its report, and the pass puts the blocks back when the report is completed.  Only the
 * questions at the end are for other contexts.
 */
#ifndef MMH_INFLIGHT_H
#define MMH_INFLIGHT_H

#include <linux/types.h>

#include "../report.h"

struct mmh_free_block;
struct zone;

/**
 * struct mmh_inflight_block - isolated pages in a row
 * @pfn:   the first
 * @pages: how many
 */
struct mmh_inflight_block {
	unsigned long pfn;
	unsigned long pages;
};

/**
 * struct mmh_inflight - a report and the blocks behind it
 * @slot:   the report: unreported ranges in rising order, neighbours merged
 * @blocks: what is isolated, which may be more, in the same order
 * @count:  number of @blocks
 * @pages:  number of their pages; constant until the blocks are put back
 * @zone:   whose blocks
 * @epoch:  mmh_zones_epoch() when the entry was opened
 * @small:  the blocks are below report_order, and the map does not have them: set by the
 *	    pass before it adds any
 */
struct mmh_inflight {
	struct mmh_slot slot;
	struct mmh_inflight_block blocks[MMH_REPORT_MAX];
	unsigned int count;
	unsigned long pages;
	struct zone *zone;
	unsigned int epoch;
	bool small;
};

/**
 * mmh_inflight_start() - begin with nothing in flight
 * @rep: the reporter
 *
 * Context: process.
 */
void mmh_inflight_start(struct mmh_reporter *rep);

/**
 * mmh_inflight_get() - an empty entry
 * @zone:  for blocks of this zone, of which only a part may be in flight
 * @pages: set to how many of them this entry may take
 *
 * Puts completed blocks back, and waits while all entries are in flight.
 *
 * Context: the pass, may sleep.
 * Return: an entry, or NULL after a report has failed or reports were stopped.
 */
struct mmh_inflight *mmh_inflight_get(struct zone *zone, unsigned long *pages);

/**
 * mmh_inflight_isolate() - isolate a free block, and add it
 * @f:	   the entry
 * @block: the block, which the zone can do without
 *
 * The pacer counts it as isolated before it is: otherwise a check of another processor
 * could take it for used.
 *
 * Context: the pass, zone->lock held.
 * Return: 0, -EBUSY for a block in MIGRATE_ISOLATE, -EPERM for one in the highatomic reserve.
 */
int mmh_inflight_isolate(struct mmh_inflight *f, const struct mmh_free_block *block);

/**
 * mmh_inflight_add_range() - report pages of a block that was added
 * @f:	   the entry
 * @pfn:   the first of them
 * @pages: how many
 *
 * Context: the pass, zone->lock held, while mmh_slot_is_full() says no.
 */
void mmh_inflight_add_range(struct mmh_inflight *f, unsigned long pfn,
			    unsigned long pages);

/**
 * mmh_inflight_extends() - would pages extend the last range of an entry?
 * @f:	 the entry
 * @pfn: the first of them
 *
 * Context: the pass.
 * Return: whether they would.
 */
bool mmh_inflight_extends(struct mmh_inflight *f, unsigned long pfn);

/**
 * mmh_inflight_submit() - submit the report of an entry
 * @f: the entry; one without a range becomes idle again
 *
 * Context: the pass, may sleep.
 * Return: 0, or the error of the reporter; then the blocks are put back.
 */
int mmh_inflight_submit(struct mmh_inflight *f);

/**
 * mmh_inflight_wait_next() - wait until a report completes
 *
 * Returns after a while in any case.
 *
 * Context: the pass, may sleep.
 */
void mmh_inflight_wait_next(void);

/**
 * mmh_inflight_wait_and_putback() - wait until nothing is in flight
 *
 * Context: the pass, may sleep.
 * Return: 0, or the first error since mmh_inflight_clear_error().
 */
int mmh_inflight_wait_and_putback(void);

/* Errors before this do not count any more.  Context: the pass. */
void mmh_inflight_clear_error(void);

/**
 * mmh_inflight_overlaps() - is a page of a range in flight?
 * @start: first page frame
 * @end:   behind the last one
 *
 * Context: any.
 * Return: whether it is so.
 */
bool mmh_inflight_overlaps(unsigned long start, unsigned long end);

/**
 * mmh_inflight_isolation_timeout() - how long may isolation of a range wait?
 * @start: first page frame
 * @end:   behind the last one
 *
 * Context: any.
 * Return: jiffies until the deadline of every report with a page of the range has
 * passed; 0 when it has, or when there is no such report.
 */
unsigned long mmh_inflight_isolation_timeout(unsigned long start, unsigned long end);

/**
 * mmh_inflight_wait_range() - wait until no page of an isolated range is in flight
 * @start: first page frame
 * @end:   behind the last one
 *
 * Waits until the deadlines of the reports at most, see mmh_policy_isolation_timeout().
 *
 * Context: process, may sleep; not the pass.
 * Return: whether no page of the range is in flight.
 */
bool mmh_inflight_wait_range(unsigned long start, unsigned long end);

/**
 * mmh_inflight_wait_some() - wait until blocks are put back
 * @timeout: jiffies
 *
 * Context: process, may sleep; not the pass.
 * Return: pages that were put back, 0 when there were none or nothing was in flight.
 */
unsigned long mmh_inflight_wait_some(unsigned long timeout);

/**
 * mmh_inflight_wait_idle() - wait until nothing is in flight
 * @timeout: jiffies
 *
 * Called after mmh_reports_stop(), or blocks may be in flight again at once.
 *
 * Context: process, may sleep; not the pass.
 * Return: whether it is so.
 */
bool mmh_inflight_wait_idle(unsigned long timeout);

/* Pages of one node in flight, without those that a slow device has for 100 ms. */
unsigned long mmh_inflight_recent_pages(int nid);

/* Pages in flight, or on their way there: isolated.  Context: any. */
unsigned long mmh_inflight_pages(void);

/* Those of one zone.  Context: the pass. */
unsigned long mmh_inflight_zone_pages(const struct zone *zone);

#endif /* MMH_INFLIGHT_H */
