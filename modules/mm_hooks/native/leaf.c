// SPDX-License-Identifier: GPL-2.0-only
/* A leaf of the map: the units of a memory section, without kernel state. */
#include "leaf.h"

#include <linux/bitmap.h>
#include <linux/bitops.h>
#include <linux/minmax.h>

static unsigned long words_of(unsigned int unit_order)
{
	return BITS_TO_LONGS(mmh_leaf_units(unit_order));
}

size_t mmh_leaf_bits_memory(unsigned int unit_order)
{
	return 2 * words_of(unit_order) * sizeof(unsigned long);
}

size_t mmh_leaf_stamps_memory(void)
{
	return LEAF_AGES * sizeof(u32);
}

void mmh_leaf_init(struct mmh_leaf *leaf, unsigned int unit_order, void *bits, void *stamps,
		   u32 now)
{
	*leaf = (struct mmh_leaf){
		.unreported = bits,
		.reported = bits + mmh_leaf_bits_memory(unit_order) / 2,
		.stamps = stamps,
		.unit_order = unit_order,
	};
	mmh_leaf_mark_freed(leaf, 0, mmh_leaf_units(unit_order), now);
}

/* The bits from @first to @end that lie in the word of @first. */
static unsigned long word_mask(unsigned long first, unsigned long end)
{
	unsigned long last = min(end - 1, first | (BITS_PER_LONG - 1));

	return GENMASK(last % BITS_PER_LONG, first % BITS_PER_LONG);
}

static unsigned long next_word(unsigned long unit)
{
	return (unit | (BITS_PER_LONG - 1)) + 1;
}

void mmh_leaf_mark_unreported(struct mmh_leaf *leaf, unsigned long first, unsigned long end)
{
	for (; first < end; first = next_word(first)) {
		unsigned long *unreported = &leaf->unreported[BIT_WORD(first)];
		unsigned long *reported = &leaf->reported[BIT_WORD(first)];
		unsigned long mask = word_mask(first, end);

		leaf->counts.reported -= hweight_long(*reported & mask);
		leaf->counts.unreported += hweight_long(~*unreported & mask);
		*reported &= ~mask;
		*unreported |= mask;
	}
}

void mmh_leaf_mark_reported(struct mmh_leaf *leaf, unsigned long first, unsigned long end)
{
	for (; first < end; first = next_word(first)) {
		unsigned long *reported = &leaf->reported[BIT_WORD(first)];
		unsigned long mask = word_mask(first, end) & ~leaf->unreported[BIT_WORD(first)];

		leaf->counts.reported += hweight_long(~*reported & mask);
		*reported |= mask;
	}
}

void mmh_leaf_clear_unreported(struct mmh_leaf *leaf, unsigned long first, unsigned long end)
{
	for (; first < end; first = next_word(first)) {
		unsigned long *unreported = &leaf->unreported[BIT_WORD(first)];
		unsigned long mask = word_mask(first, end);

		leaf->counts.unreported -= hweight_long(*unreported & mask);
		*unreported &= ~mask;
	}
}

static unsigned long area_of(const struct mmh_leaf *leaf, unsigned long unit)
{
	return unit >> (LEAF_AGE_ORDER - leaf->unit_order);
}

void mmh_leaf_hide(struct mmh_leaf *leaf, unsigned long unit, enum mmh_search search)
{
	for (; search < MMH_SEARCHES; search++)
		leaf->hidden[search - 1] |= BIT(area_of(leaf, unit));
}

/* Areas are bits.  What lies beside them may be a part of a run now. */
static void unhide_areas(struct mmh_leaf *leaf, unsigned long areas)
{
	unsigned int search;

	for (search = 0; search < MMH_SEARCHES - 1; search++)
		leaf->hidden[search] &= ~areas;
	leaf->hidden[MMH_SEARCH_RUNS - 1] &= ~(areas << 1 | areas >> 1);
}

void mmh_leaf_unhide(struct mmh_leaf *leaf, unsigned long first, unsigned long end)
{
	unhide_areas(leaf, GENMASK(area_of(leaf, end - 1), area_of(leaf, first)));
}

/* It lies in one word and in one area. */
void mmh_leaf_mark_unit_freed(struct mmh_leaf *leaf, unsigned long unit, u32 now)
{
	unsigned long *unreported = &leaf->unreported[BIT_WORD(unit)];
	unsigned long *reported = &leaf->reported[BIT_WORD(unit)];
	unsigned long mask = BIT(unit % BITS_PER_LONG);
	unsigned long area = area_of(leaf, unit);

	leaf->counts.reported -= !!(*reported & mask);
	leaf->counts.unreported += !(*unreported & mask);
	*reported &= ~mask;
	*unreported |= mask;
	unhide_areas(leaf, BIT(area));
	leaf->stamps[area] = now;
}

void mmh_leaf_mark_freed(struct mmh_leaf *leaf, unsigned long first, unsigned long end,
			 u32 now)
{
	unsigned long area = area_of(leaf, first), last = area_of(leaf, end - 1);

	mmh_leaf_mark_unreported(leaf, first, end);
	unhide_areas(leaf, GENMASK(last, area));
	for (; area <= last; area++)
		leaf->stamps[area] = now;
}

u32 mmh_leaf_stamp_of(const struct mmh_leaf *leaf, unsigned long unit)
{
	return leaf->stamps[area_of(leaf, unit)];
}

static unsigned long next_shown(const struct mmh_leaf *leaf, unsigned long from,
				unsigned long end, const unsigned long *hidden)
{
	unsigned int shift = LEAF_AGE_ORDER - leaf->unit_order;

	while ((from = find_next_bit(leaf->unreported, end, from)) < end &&
	       test_bit(area_of(leaf, from), hidden))
		from = find_next_zero_bit(hidden, LEAF_AGES, area_of(leaf, from)) << shift;
	return min(from, end);
}

unsigned long mmh_leaf_next(const struct mmh_leaf *leaf, unsigned long from,
			    unsigned long end, enum mmh_search search)
{
	if (search == MMH_SEARCH_ALL)
		return find_next_bit(leaf->unreported, end, from);
	return next_shown(leaf, from, end, &leaf->hidden[search - 1]);
}

unsigned long mmh_leaf_next_other(const struct mmh_leaf *leaf, unsigned long from,
				  unsigned long end)
{
	return find_next_zero_bit(leaf->unreported, end, from);
}

unsigned long mmh_leaf_next_reported(const struct mmh_leaf *leaf, unsigned long from,
				     unsigned long end)
{
	return find_next_bit(leaf->reported, end, from);
}

unsigned long mmh_leaf_next_not_reported(const struct mmh_leaf *leaf, unsigned long from,
					 unsigned long end)
{
	return find_next_zero_bit(leaf->reported, end, from);
}
