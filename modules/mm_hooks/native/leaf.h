/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A leaf of the map: the units of a memory section, without kernel state.
 *
 * blocks.h says what a unit is.  Places are units of the leaf, from 0 on.  The caller
 * holds zone->lock, or is the only one that knows the leaf.
 */
#ifndef MMH_LEAF_H
#define MMH_LEAF_H

#include <linux/bits.h>
#include <linux/build_bug.h>
#include <linux/mmzone.h>
#include <linux/types.h>

/* Pages of a leaf, by order: a memory section, of 128 MiB, or 512 with pages of 64 KiB. */
#define LEAF_ORDER (PFN_SECTION_SHIFT < 15 ? PFN_SECTION_SHIFT : 15)
#define LEAF_PAGES BIT(LEAF_ORDER)
/* Ages are kept for blocks of this order: 2 MiB, or 8 MiB with pages of 64 KiB. */
#define LEAF_AGE_ORDER (LEAF_ORDER - 6)
#define LEAF_AGES BIT(LEAF_ORDER - LEAF_AGE_ORDER)
/* A word has a bit for each of them. */
static_assert(LEAF_AGES == BITS_PER_LONG);

/**
 * enum mmh_search - which unreported units are searched
 * @MMH_SEARCH_ALL:   all
 * @MMH_SEARCH_WHOLE: those in areas that may be free as a whole
 * @MMH_SEARCH_RUNS:  those of them that may have an unreported neighbour
 * @MMH_SEARCHES:     number of these
 *
 * Each finds what the next one finds.
 */
enum mmh_search {
	MMH_SEARCH_ALL,
	MMH_SEARCH_WHOLE,
	MMH_SEARCH_RUNS,
	MMH_SEARCHES,
};

/**
 * struct mmh_leaf_counts - units of a leaf
 * @unreported: how many are unreported
 * @reported:   how many are reported
 */
struct mmh_leaf_counts {
	u16 unreported;
	u16 reported;
};

/**
 * struct mmh_leaf - a leaf
 * @unreported:	a bit for each unit, in one piece of memory with those of @reported
 * @reported:	a bit for each unit; never together with @unreported
 * @stamps:	when a unit was last freed, for each 2^LEAF_AGE_ORDER pages
 * @hidden:	a bit for each area, 2^LEAF_AGE_ORDER pages, that a search leaves out.  There
 *		is none of MMH_SEARCH_ALL.
 * @counts:	units
 * @unit_order: order of a unit, LEAF_AGE_ORDER at the most
 * @shown:	blocks.c's: the searches that find the leaf for sure
 *
 * Each of its pieces of memory fits into a power of two.
 */
struct mmh_leaf {
	unsigned long *unreported;
	unsigned long *reported;
	u32 *stamps;
	unsigned long hidden[MMH_SEARCHES - 1];
	struct mmh_leaf_counts counts;
	u8 unit_order;
	u8 shown;
};

/* Units of a leaf. */
static inline unsigned long mmh_leaf_units(unsigned int unit_order)
{
	return LEAF_PAGES >> unit_order;
}

/* Bytes of @unreported and @reported, and of @stamps. */
size_t mmh_leaf_bits_memory(unsigned int unit_order);
size_t mmh_leaf_stamps_memory(void);

/**
 * mmh_leaf_init() - everything is unreported
 * @leaf:		what to fill
 * @unit_order: order of a unit
 * @bits:	mmh_leaf_bits_memory() bytes, zeroed, aligned to a long
 * @stamps:	mmh_leaf_stamps_memory() bytes
 * @now:	the time, in any unit that wraps at 2^32
 */
void mmh_leaf_init(struct mmh_leaf *leaf, unsigned int unit_order, void *bits, void *stamps,
		   u32 now);

/**
 * mmh_leaf_mark_freed() - units were freed
 * @leaf:  the leaf
 * @first: the first of them
 * @end:   behind the last one
 * @now:   the time
 */
void mmh_leaf_mark_freed(struct mmh_leaf *leaf, unsigned long first, unsigned long end,
			 u32 now);

/* The same for one unit: most frees are of one. */
void mmh_leaf_mark_unit_freed(struct mmh_leaf *leaf, unsigned long unit, u32 now);

/**
 * mmh_leaf_mark_unreported() - units become unreported
 * @leaf:	   the leaf
 * @first: the first of them
 * @end:   behind the last one
 */
void mmh_leaf_mark_unreported(struct mmh_leaf *leaf, unsigned long first, unsigned long end);

/**
 * mmh_leaf_mark_reported() - units become reported.  Those that are unreported stay so.
 * @leaf:	   the leaf
 * @first: the first of them
 * @end:   behind the last one
 */
void mmh_leaf_mark_reported(struct mmh_leaf *leaf, unsigned long first, unsigned long end);

/**
 * mmh_leaf_clear_unreported() - units are not unreported any more
 * @leaf:	   the leaf
 * @first: the first of them
 * @end:   behind the last one
 */
void mmh_leaf_clear_unreported(struct mmh_leaf *leaf, unsigned long first, unsigned long end);

/**
 * mmh_leaf_hide() - leave the area of a unit out of a search, and of those behind it
 * @leaf:   the leaf
 * @unit:   the unit
 * @search: the first of them, not MMH_SEARCH_ALL
 */
void mmh_leaf_hide(struct mmh_leaf *leaf, unsigned long unit, enum mmh_search search);

/**
 * mmh_leaf_unhide() - leave areas out of no search, and their neighbours not out of that for runs
 * @leaf:  the leaf
 * @first: a unit of the first area
 * @end:   behind a unit of the last one
 */
void mmh_leaf_unhide(struct mmh_leaf *leaf, unsigned long first, unsigned long end);

/**
 * mmh_leaf_stamp_of() - when was a unit freed?
 * @leaf:	  the leaf
 * @unit: the unit
 *
 * Return: the time.
 */
u32 mmh_leaf_stamp_of(const struct mmh_leaf *leaf, unsigned long unit);

/**
 * mmh_leaf_next() - the next unreported unit
 * @leaf:   the leaf
 * @from:   where to begin
 * @end:    where to end
 * @search: which of them
 *
 * Return: a unit, or @end.
 */
unsigned long mmh_leaf_next(const struct mmh_leaf *leaf, unsigned long from,
			    unsigned long end, enum mmh_search search);

/**
 * mmh_leaf_next_other() - the next unit that is not unreported
 * @leaf: the leaf
 * @from: where to begin
 * @end:  where to end
 *
 * Return: a unit, or @end.
 */
unsigned long mmh_leaf_next_other(const struct mmh_leaf *leaf, unsigned long from,
				  unsigned long end);

/* The same for the next one that is reported, and for the next that is not. */
unsigned long mmh_leaf_next_reported(const struct mmh_leaf *leaf, unsigned long from,
				     unsigned long end);
unsigned long mmh_leaf_next_not_reported(const struct mmh_leaf *leaf, unsigned long from,
					 unsigned long end);

#endif /* MMH_LEAF_H */
