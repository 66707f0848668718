/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What of a span of memory is reported: a side map, without kernel state.
 *
 * The span is cut into units, the smallest pieces that are reported.  A unit is
 *
 * - unreported: it became free since its last report, or nothing is known;
 * - reported: the host has discarded it, and it has not been freed since;
 * - neither: in use as far as known, or in flight.
 *
 * No allocation hook is needed: before such a unit can be free again it has to be freed,
 * and then it becomes unreported.  A unit stays reported whether the block around it is
 * split or merged.
 *
 * The map has two levels: a table, and a leaf for each memory section that is online.
 * All units of a memory section without a leaf are neither.  A block lies in one leaf.
 *
 * The caller holds zone->lock.  Leaves are added, removed and adopted by one caller at a
 * time, so that one may also read the table without the lock.
 */
#ifndef MMH_BLOCKS_H
#define MMH_BLOCKS_H

#include <linux/types.h>

#include "leaf.h"
#include "summary.h"

/**
 * struct mmh_blocks - the map of a span
 * @base:	 first page frame, a multiple of LEAF_PAGES
 * @units:	 number of units
 * @unit_order:	 order of a unit, LEAF_AGE_ORDER at the most
 * @leaves:	 the table, NULL for a memory section that is not online
 * @shown:	 for each search, a bit for each leaf in which it finds units.  A leaf whose
 *		 bit is set may have none, until the search has been there.
 * @unreported_units: how many units are unreported
 * @reported_units:	 how many units are reported
 */
struct mmh_blocks {
	unsigned long base;
	unsigned long units;
	unsigned int unit_order;
	struct mmh_leaf **leaves;
	struct mmh_summary shown[MMH_SEARCHES];
	unsigned long unreported_units;
	unsigned long reported_units;
};

/**
 * struct mmh_blocks_run - units in a row
 * @first: the first one
 * @count: how many, 0 for none
 */
struct mmh_blocks_run {
	unsigned long first;
	unsigned long count;
};

/**
 * mmh_blocks_memory() - what a table needs
 * @pages: length of the span, a multiple of LEAF_PAGES
 *
 * Return: bytes.
 */
size_t mmh_blocks_memory(unsigned long pages);

/**
 * mmh_blocks_init() - a map without leaves
 * @b:		what to fill
 * @base:	first page frame, a multiple of LEAF_PAGES
 * @pages:	length of the span, a multiple of LEAF_PAGES
 * @unit_order: order of a unit
 * @memory:	mmh_blocks_memory() bytes, zeroed, aligned to a pointer
 */
void mmh_blocks_init(struct mmh_blocks *b, unsigned long base, unsigned long pages,
		     unsigned int unit_order, void *memory);

/**
 * mmh_blocks_alloc() - a map without leaves in memory of its own: blocks_alloc.c
 * @nid:   the node whose processors free most of the span
 * @base:  as of mmh_blocks_init()
 * @pages: as of mmh_blocks_init()
 * @order: order of a unit
 *
 * Context: process, may sleep.
 * Return: the map, or NULL without memory.
 */
struct mmh_blocks *mmh_blocks_alloc(int nid, unsigned long base, unsigned long pages,
				    unsigned int order);

/* Free a map, without its leaves or with them.  NULL is fine.  Context: process. */
void mmh_blocks_free(struct mmh_blocks *b);
void mmh_blocks_destroy(struct mmh_blocks *b);

/**
 * mmh_blocks_alloc_leaf() - a leaf in memory of its own: blocks_alloc.c
 * @nid:   the node of its memory
 * @order: order of a unit
 * @now:   as of mmh_leaf_init()
 *
 * Context: process, may sleep.
 * Return: the leaf, or NULL without memory.
 */
struct mmh_leaf *mmh_blocks_alloc_leaf(int nid, unsigned int order, u32 now);

/* Free a leaf.  NULL is fine.  Context: process. */
void mmh_blocks_free_leaf(struct mmh_leaf *leaf);

/**
 * mmh_blocks_add() - add a leaf where there is none
 * @b:	 the map
 * @pfn: first page frame of its memory section
 * @leaf:	 the leaf
 */
void mmh_blocks_add(struct mmh_blocks *b, unsigned long pfn, struct mmh_leaf *leaf);

/**
 * mmh_blocks_remove() - remove a leaf: its units become neither
 * @b:	 the map
 * @pfn: first page frame of its memory section
 *
 * Return: the leaf, which is the caller's, NULL without one.
 */
struct mmh_leaf *mmh_blocks_remove(struct mmh_blocks *b, unsigned long pfn);

/**
 * mmh_blocks_adopt() - have the leaves of another map, which it shares for the moment
 * @b:	  a map of a span that contains that of @from, without leaves, not yet in use
 * @from: the map that it is to replace, which has the same unit
 *
 * Copies pointers, without zone->lock.
 */
void mmh_blocks_adopt(struct mmh_blocks *b, const struct mmh_blocks *from);

/**
 * mmh_blocks_take_over() - replace a map
 * @b:	  a map that has adopted the leaves of @from
 * @from: the map that is replaced
 *
 * The cost does not depend on the span.
 */
void mmh_blocks_take_over(struct mmh_blocks *b, const struct mmh_blocks *from);

/**
 * struct mmh_blocks_span - page frames of whole leaves
 * @start: the first one
 * @end:   behind the last one, @start for none
 */
struct mmh_blocks_span {
	unsigned long start;
	unsigned long end;
};

/**
 * mmh_blocks_clip() - the part of some page frames that a map spans
 * @b:	   the map
 * @start: the first of them
 * @end:   behind the last one
 *
 * Return: the part, of whole leaves.
 */
struct mmh_blocks_span mmh_blocks_clip(const struct mmh_blocks *b, unsigned long start,
				       unsigned long end);

/**
 * mmh_blocks_convert_units() - copy what is reported from a map of other units
 * @b:	   a map of a span that contains that of @from, just made
 * @from:  the map that it replaces, which does not change any more
 * @pfn:   page frame, a multiple of both units
 * @order: of the larger unit
 * @born:  the time that @b was made with: memory that was freed since is left unreported
 *
 * With smaller units than before, only for what is free as a whole: where a part of
 * it was used, the map does not know what was freed again of that.
 */
void mmh_blocks_convert_units(struct mmh_blocks *b, const struct mmh_blocks *from,
			      unsigned long pfn, unsigned int order, u32 born);

/* Page frame to unit and back. */
static inline unsigned long mmh_blocks_unit(const struct mmh_blocks *b,
					    unsigned long pfn)
{
	return (pfn - b->base) >> b->unit_order;
}

static inline unsigned long mmh_blocks_pfn(const struct mmh_blocks *b,
					   unsigned long unit)
{
	return b->base + (unit << b->unit_order);
}

/* The leaf that a page frame lies in, NULL without one. */
static inline struct mmh_leaf *mmh_blocks_leaf(const struct mmh_blocks *b,
					       unsigned long pfn)
{
	unsigned long i = (pfn - b->base) >> LEAF_ORDER;

	return pfn >= b->base && i < b->units >> (LEAF_ORDER - b->unit_order) ? b->leaves[i] : NULL;
}

/**
 * mmh_blocks_mark_freed() - pages were freed and the units around them are free
 * @b:	   the map, which has a leaf for them
 * @pfn:   the first of them
 * @order: how many
 * @now:   the time
 *
 * Return: how many of their units were reported: they were reused.
 */
unsigned long mmh_blocks_mark_freed(struct mmh_blocks *b, unsigned long pfn,
				    unsigned int order, u32 now);

/**
 * mmh_blocks_next_leaf() - skip leaves in which a search finds nothing
 * @b:	  the map
 * @from: where to begin
 * @end:  where to end
 * @search: which of them
 *
 * The cost does not depend on the number of leaves that are skipped.
 *
 * Return: @from, the first unit of a leaf behind it, or @end.
 */
unsigned long mmh_blocks_next_leaf(const struct mmh_blocks *b, unsigned long from,
				   unsigned long end, enum mmh_search search);

/* The unit behind the leaf that a unit lies in. */
unsigned long mmh_blocks_leaf_end(const struct mmh_blocks *b, unsigned long unit);

/**
 * mmh_blocks_next() - the next unit that a search finds
 * @b:	  the map
 * @from: where to begin
 * @end:  where to end
 * @search: which of them
 *
 * Searches each leaf that mmh_blocks_next_leaf() does not skip, up to @end.
 *
 * Return: a unit, or @end.
 */
unsigned long mmh_blocks_next(struct mmh_blocks *b, unsigned long from, unsigned long end,
			      enum mmh_search search);

/* The next unreported unit. */
static inline unsigned long mmh_blocks_next_unreported(struct mmh_blocks *b,
						       unsigned long from, unsigned long end)
{
	return mmh_blocks_next(b, from, end, MMH_SEARCH_ALL);
}

/**
 * mmh_blocks_next_reported() - the next unit that is reported
 * @b:	  the map
 * @from: where to begin
 *
 * Return: a unit, or the end of the map.
 */
unsigned long mmh_blocks_next_reported(const struct mmh_blocks *b, unsigned long from);

/**
 * mmh_blocks_are_reported() - are units of a block reported?
 * @b:	   the map
 * @first: the first of them
 * @end:   behind the last one
 *
 * Return: whether all of them are.
 */
bool mmh_blocks_are_reported(const struct mmh_blocks *b, unsigned long first,
			     unsigned long end);

/**
 * mmh_blocks_are_unreported() - are units unreported, in one leaf?
 * @b:	   the map
 * @first: the first of them
 * @end:   behind the last one
 *
 * Return: whether all of them are.
 */
bool mmh_blocks_are_unreported(const struct mmh_blocks *b, unsigned long first,
			       unsigned long end);

/**
 * mmh_blocks_age() - how long the youngest unreported unit of a block has been free
 * @b:	   the map
 * @first: the first of them
 * @end:   behind the last one
 * @now:   the time
 *
 * Return: time, negative when it was freed a little later than @now, S32_MAX when
 * that is longer ago than the time can tell, or nothing is unreported.
 */
s32 mmh_blocks_age(const struct mmh_blocks *b, unsigned long first, unsigned long end,
		   u32 now);

/**
 * mmh_blocks_mark_used() - a unit is in use, at least in part
 * @b:	  the map
 * @unit: an unreported unit
 */
void mmh_blocks_mark_used(struct mmh_blocks *b, unsigned long unit);

/**
 * mmh_blocks_hide() - leave the area of a unit out of a search, and of those behind it
 * @b:	    the map
 * @unit:   the unit
 * @search: the first of them, not MMH_SEARCH_ALL
 *
 * That holds until something of the area is freed, put back or forgotten.
 */
void mmh_blocks_hide(struct mmh_blocks *b, unsigned long unit, enum mmh_search search);

/**
 * mmh_blocks_isolate() - unreported units in a row go in flight
 * @b:	  the map
 * @from: where to begin
 * @end:  where to end
 *
 * Return: the first unreported units between @from and @end that lie in one leaf.  They
 * are neither unreported nor reported from now on.
 */
struct mmh_blocks_run mmh_blocks_isolate(struct mmh_blocks *b, unsigned long from,
					 unsigned long end);

/**
 * mmh_blocks_complete() - a report of isolated units is completed
 * @b:	  the map
 * @run:  the units
 * @reported: whether the host has discarded them; otherwise they are unreported again
 */
void mmh_blocks_complete(struct mmh_blocks *b, struct mmh_blocks_run run, bool reported);

/**
 * mmh_blocks_forget() - units are unreported again
 * @b:	   the map
 * @first: the first of them
 * @end:   behind the last one, or beyond the map
 */
void mmh_blocks_forget(struct mmh_blocks *b, unsigned long first, unsigned long end);

#endif /* MMH_BLOCKS_H */
