/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The walk for small blocks: decisions, without kernel state.
 *
 * A small block is a free block below report_order.  The walk goes by address, since no
 * map has these blocks.  It stops at its ration, and another one goes on there.
 */
#ifndef MMH_SMALL_WALK_H
#define MMH_SMALL_WALK_H

#include <linux/types.h>

/**
 * struct mmh_small_place - a page frame that the walk visits
 * @pfn:      the page frame
 * @is_free:  a free block begins there
 * @order:    the order of that block
 * @reported: the block is reported
 */
struct mmh_small_place {
	unsigned long pfn;
	bool is_free;
	unsigned int order;
	bool reported;
};

/**
 * struct mmh_small_walk - what holds for a walk, and what it has done
 * @low:    lowest order that is reported
 * @high:   blocks from this order on are not small
 * @ranges: ranges that may be reported still.  The host discards a range at a time.
 * @places: places that may be visited still
 * @cut:    it had to stop, and more may be left
 */
struct mmh_small_walk {
	unsigned int low;
	unsigned int high;
	unsigned int ranges;
	unsigned long places;
	bool cut;
};

/**
 * mmh_small_is_due() - is there a block to report?
 * @w: the walk
 * @p: the place
 *
 * Return: whether there is.
 */
bool mmh_small_is_due(const struct mmh_small_walk *w, const struct mmh_small_place *p);

/**
 * mmh_small_next() - where to go on
 * @w: the walk, which counts the place
 * @p: the place
 *
 * Return: the next page frame at which a block of @w->low or above can begin.
 */
unsigned long mmh_small_next(struct mmh_small_walk *w, const struct mmh_small_place *p);

/**
 * mmh_small_goes_on() - may the walk visit another place?
 * @w:	    the walk; learns when it is cut
 * @ranges: ranges of the report that is filled
 *
 * Return: whether it may.
 */
bool mmh_small_goes_on(struct mmh_small_walk *w, unsigned int ranges);

/**
 * mmh_small_sent() - a report is submitted
 * @w:	    the walk
 * @ranges: its ranges
 */
void mmh_small_sent(struct mmh_small_walk *w, unsigned int ranges);

#endif /* MMH_SMALL_WALK_H */
