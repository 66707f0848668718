/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the host holds of a span of memory: a side map, without kernel state.
 *
 * The span is cut into units, the smallest pieces that are reported.  A unit is
 *
 * - fresh: it became free after the host was last told, or nothing is known;
 * - gone:  the host has discarded it, and it has not been freed since;
 * - neither: in use as far as known, or on its way to the host.
 *
 * Nobody has to tell when memory is taken into use: before such a unit can be
 * free again it has to be freed, and that is when it becomes fresh.  So the map
 * outlives what the allocator does to its blocks: a unit that was discarded
 * stays gone whether the block around it is split or merged.
 *
 * Who calls serialises: under zone->lock.
 */
#ifndef MM_HOOKS_BLOCKS_H
#define MM_HOOKS_BLOCKS_H

#include <linux/bits.h>
#include <linux/types.h>

/**
 * struct blocks - the map of a span
 * @base:	 first page frame, a multiple of the largest block
 * @units:	 number of units
 * @unit_order:	 order of a unit, BLOCKS_AGE_ORDER at the most
 * @fresh:	 a bit for each unit
 * @gone:	 a bit for each unit; never together with @fresh
 * @stamps:	 when a unit was last freed, for each 2^BLOCKS_AGE_ORDER pages
 * @fresh_units: how many units are fresh
 * @gone_units:	 how many units are gone
 */
struct blocks {
	unsigned long base;
	unsigned long units;
	unsigned int unit_order;
	unsigned long *fresh;
	unsigned long *gone;
	u32 *stamps;
	unsigned long fresh_units;
	unsigned long gone_units;
};

/* Ages are kept for blocks of this order: 2 MiB. */
#define BLOCKS_AGE_ORDER 9
/* A span begins and ends at multiples of this many pages. */
#define BLOCKS_ALIGN BIT(15)

/**
 * struct blocks_run - units in a row
 * @first: the first one
 * @count: how many, 0 for none
 */
struct blocks_run {
	unsigned long first;
	unsigned long count;
};

/**
 * blocks_order() - the order of a unit that a map can have
 * @pages: length of the span
 * @order: the one that is wanted
 *
 * Return: @order, or the least one above it with which an int counts the units, as
 * the kernel's bitmaps do.
 */
unsigned int blocks_order(unsigned long pages, unsigned int order);

/**
 * blocks_memory() - what a map needs
 * @pages:	length of the span, a multiple of BLOCKS_ALIGN
 * @unit_order: order of a unit
 *
 * Return: bytes.
 */
size_t blocks_memory(unsigned long pages, unsigned int unit_order);

/**
 * blocks_init() - everything is fresh
 * @b:		what to fill
 * @base:	first page frame, a multiple of BLOCKS_ALIGN
 * @pages:	length of the span, a multiple of BLOCKS_ALIGN
 * @unit_order: order of a unit
 * @memory:	blocks_memory() bytes, zeroed, aligned to a long
 * @now:	the time, in any unit that wraps at 2^32
 */
void blocks_init(struct blocks *b, unsigned long base, unsigned long pages,
		 unsigned int unit_order, void *memory, u32 now);

/**
 * blocks_alloc() - a map in memory of its own: blocks_alloc.c
 * @nid:   the node whose processors free most of the span
 * @base:  as of blocks_init()
 * @pages: as of blocks_init()
 * @order: order of a unit
 * @now:   as of blocks_init()
 *
 * Context: process, may sleep.
 * Return: the map, or NULL without memory.
 */
struct blocks *blocks_alloc(int nid, unsigned long base, unsigned long pages,
			    unsigned int order, u32 now);

/* Give it back.  NULL is fine.  Context: process. */
void blocks_free(struct blocks *b);

/**
 * blocks_inherit() - take over what another map knows
 * @b:	  a map of a span that contains that of @from, just made
 * @from: has the same unit
 */
void blocks_inherit(struct blocks *b, const struct blocks *from);

/**
 * blocks_carry() - take over that memory is gone from a map of other units
 * @b:	   a map of a span that contains that of @from, just made
 * @from:  what it replaces, and nobody changes any more
 * @pfn:   page frame, a multiple of both units
 * @order: of the larger unit
 * @born:  the time that @b was made with: memory that was freed since is left fresh
 *
 * With smaller units than before, only for what is free as a whole: where a part of
 * it was taken into use, nobody has told of what was freed again of that.
 */
void blocks_carry(struct blocks *b, const struct blocks *from,
		  unsigned long pfn, unsigned int order, u32 born);

/* Page frame to unit and back. */
static inline unsigned long blocks_unit(const struct blocks *b,
					unsigned long pfn)
{
	return (pfn - b->base) >> b->unit_order;
}

static inline unsigned long blocks_pfn(const struct blocks *b,
				       unsigned long unit)
{
	return b->base + (unit << b->unit_order);
}

static inline bool blocks_contains(const struct blocks *b, unsigned long pfn)
{
	return pfn >= b->base && blocks_unit(b, pfn) < b->units;
}

/**
 * blocks_freed() - pages were freed and the units around them are free
 * @b:	   the map, which contains them
 * @pfn:   the first of them
 * @order: how many
 * @now:   the time
 *
 * Return: how many of their units were gone: taken into use again after the
 * host had discarded them.
 */
unsigned long blocks_freed(struct blocks *b, unsigned long pfn,
			   unsigned int order, u32 now);

/**
 * blocks_next() - the next fresh unit
 * @b:	  the map
 * @from: where to begin
 * @end:  where to end
 *
 * Return: a unit, or @end.
 */
unsigned long blocks_next(const struct blocks *b, unsigned long from,
			  unsigned long end);

/**
 * blocks_next_gone() - the next unit that is gone
 * @b:	  the map
 * @from: where to begin
 *
 * Return: a unit, or the end of the map.
 */
unsigned long blocks_next_gone(const struct blocks *b, unsigned long from);

/**
 * blocks_all_gone() - are units gone?
 * @b:	   the map
 * @first: the first of them
 * @end:   behind the last one
 *
 * Return: whether all of them are.
 */
bool blocks_all_gone(const struct blocks *b, unsigned long first,
		     unsigned long end);

/**
 * blocks_age() - how long the youngest fresh one of some units has been free
 * @b:	   the map
 * @first: the first of them
 * @end:   behind the last one
 * @now:   the time
 *
 * Return: time, negative when it was freed a little later than @now, S32_MAX when
 * that is longer ago than the time can tell, or nothing is fresh.
 */
s32 blocks_age(const struct blocks *b, unsigned long first, unsigned long end,
	       u32 now);

/**
 * blocks_drop() - a unit is in use, at least in part
 * @b:	  the map
 * @unit: a fresh unit
 */
void blocks_drop(struct blocks *b, unsigned long unit);

/**
 * blocks_take() - take fresh units in a row on their way to the host
 * @b:	  the map
 * @from: where to begin
 * @end:  where to end
 *
 * Return: the first fresh units between @from and @end, which are neither fresh
 * nor gone from now on.
 */
struct blocks_run blocks_take(struct blocks *b, unsigned long from,
			      unsigned long end);

/**
 * blocks_back() - units that were taken are back
 * @b:	  the map
 * @run:  the units
 * @gone: whether the host has discarded them; otherwise they are fresh again
 */
void blocks_back(struct blocks *b, struct blocks_run run, bool gone);

/**
 * blocks_forget() - units are fresh again
 * @b:	   the map
 * @first: the first of them, a multiple of BITS_PER_LONG
 * @end:   behind the last one, such a multiple, or beyond the map
 */
void blocks_forget(struct blocks *b, unsigned long first, unsigned long end);

/**
 * blocks_absent() - memory has gone: neither fresh nor gone
 * @b:	   the map
 * @first: the first unit, a multiple of BITS_PER_LONG
 * @end:   behind the last one, such a multiple
 */
void blocks_absent(struct blocks *b, unsigned long first, unsigned long end);

#endif /* MM_HOOKS_BLOCKS_H */
