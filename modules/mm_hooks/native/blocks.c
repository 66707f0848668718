// SPDX-License-Identifier: GPL-2.0-only
/* What the host holds of a span of memory: a side map, without kernel state. */
#include "blocks.h"

#include <linux/align.h>
#include <linux/bitmap.h>
#include <linux/limits.h>
#include <linux/minmax.h>
#include <linux/string.h>

/* Frees while a pass runs are younger than it, by so many ticks at the most. */
#define BLOCKS_LATER_MAX 0x1000000

static size_t bitmap_bytes(unsigned long units)
{
	return BITS_TO_LONGS(units) * sizeof(unsigned long);
}

static size_t stamps_count(unsigned long pages)
{
	return pages >> BLOCKS_AGE_ORDER;
}

unsigned int blocks_order(unsigned long pages, unsigned int order)
{
	while (pages >> order > S32_MAX)
		order++;
	return order;
}

size_t blocks_memory(unsigned long pages, unsigned int unit_order)
{
	return 2 * bitmap_bytes(pages >> unit_order) +
	       stamps_count(pages) * sizeof(u32);
}

void blocks_init(struct blocks *b, unsigned long base, unsigned long pages,
		 unsigned int unit_order, void *memory, u32 now)
{
	unsigned long units = pages >> unit_order;
	size_t i;

	*b = (struct blocks){
		.base = base,
		.units = units,
		.unit_order = unit_order,
		.fresh = memory,
		.gone = memory + bitmap_bytes(units),
		.stamps = memory + 2 * bitmap_bytes(units),
		.fresh_units = units,
	};
	bitmap_fill(b->fresh, units);
	for (i = 0; i < stamps_count(pages); i++)
		b->stamps[i] = now;
}

static u32 *stamp_of(const struct blocks *b, unsigned long unit)
{
	return &b->stamps[unit >> (BLOCKS_AGE_ORDER - b->unit_order)];
}

static bool test_and_clear(unsigned long *map, unsigned long bit)
{
	return __test_and_clear_bit(bit, map);
}

static bool test_and_set(unsigned long *map, unsigned long bit)
{
	return __test_and_set_bit(bit, map);
}

static void make_fresh(struct blocks *b, unsigned long unit)
{
	b->gone_units -= test_and_clear(b->gone, unit);
	b->fresh_units += !test_and_set(b->fresh, unit);
}

/* A span begins at a multiple of BLOCKS_ALIGN, so whole words move. */
void blocks_inherit(struct blocks *b, const struct blocks *from)
{
	unsigned long pages = from->units << from->unit_order;
	unsigned long word = blocks_unit(b, from->base) / BITS_PER_LONG;

	memcpy(b->fresh + word, from->fresh, bitmap_bytes(from->units));
	memcpy(b->gone + word, from->gone, bitmap_bytes(from->units));
	memcpy(stamp_of(b, blocks_unit(b, from->base)), from->stamps,
	       stamps_count(pages) * sizeof(u32));
	b->fresh_units -= from->units - from->fresh_units;
	b->gone_units += from->gone_units;
}

unsigned long blocks_freed(struct blocks *b, unsigned long pfn,
			   unsigned int order, u32 now)
{
	unsigned long unit = blocks_unit(b, pfn);
	unsigned long last = blocks_unit(b, pfn + (1UL << order) - 1);
	unsigned long gone = b->gone_units;

	for (; unit <= last; unit++) {
		make_fresh(b, unit);
		*stamp_of(b, unit) = now;
	}
	return gone - b->gone_units;
}

unsigned long blocks_next(const struct blocks *b, unsigned long from,
			  unsigned long end)
{
	return find_next_bit(b->fresh, end, from);
}

unsigned long blocks_next_gone(const struct blocks *b, unsigned long from)
{
	return find_next_bit(b->gone, b->units, from);
}

bool blocks_all_gone(const struct blocks *b, unsigned long first,
		     unsigned long end)
{
	return find_next_zero_bit(b->gone, end, first) >= end;
}

void blocks_carry(struct blocks *b, const struct blocks *from,
		  unsigned long pfn, unsigned int order, u32 born)
{
	unsigned long pages = 1UL << order;
	unsigned long first = blocks_unit(b, pfn);
	unsigned long units = pages >> b->unit_order;

	if (!blocks_all_gone(from, blocks_unit(from, pfn),
			     blocks_unit(from, pfn + pages)) ||
	    *stamp_of(b, first) != born)
		return;
	bitmap_clear(b->fresh, first, units);
	bitmap_set(b->gone, first, units);
	b->fresh_units -= units;
	b->gone_units += units;
}

static s32 stamp_age(u32 stamp, u32 now)
{
	s32 age = now - stamp;

	return age < -BLOCKS_LATER_MAX ? S32_MAX : age;
}

s32 blocks_age(const struct blocks *b, unsigned long first, unsigned long end,
	       u32 now)
{
	unsigned int shift = BLOCKS_AGE_ORDER - b->unit_order;
	unsigned long unit = blocks_next(b, first, end);
	s32 age = S32_MAX;

	while (unit < end) {
		age = min(age, stamp_age(*stamp_of(b, unit), now));
		unit = blocks_next(b, ((unit >> shift) + 1) << shift, end);
	}
	return age;
}

void blocks_drop(struct blocks *b, unsigned long unit)
{
	b->fresh_units -= test_and_clear(b->fresh, unit);
}

struct blocks_run blocks_take(struct blocks *b, unsigned long from,
			      unsigned long end)
{
	unsigned long first = find_next_bit(b->fresh, end, from);
	unsigned long last = find_next_zero_bit(b->fresh, end, first);

	if (first >= end)
		return (struct blocks_run){ .first = end };
	bitmap_clear(b->fresh, first, last - first);
	b->fresh_units -= last - first;
	return (struct blocks_run){ .first = first, .count = last - first };
}

/* Forgotten or freed while they were out, they are fresh already. */
void blocks_back(struct blocks *b, struct blocks_run run, bool gone)
{
	unsigned long unit;

	for (unit = run.first; unit < run.first + run.count; unit++) {
		if (test_bit(unit, b->fresh))
			continue;
		__set_bit(unit, gone ? b->gone : b->fresh);
		if (gone)
			b->gone_units++;
		else
			b->fresh_units++;
	}
}

void blocks_absent(struct blocks *b, unsigned long first, unsigned long end)
{
	unsigned long word = first / BITS_PER_LONG;

	b->fresh_units -= bitmap_weight(b->fresh + word, end - first);
	b->gone_units -= bitmap_weight(b->gone + word, end - first);
	bitmap_clear(b->fresh, first, end - first);
	bitmap_clear(b->gone, first, end - first);
}

void blocks_forget(struct blocks *b, unsigned long first, unsigned long end)
{
	end = min(end, b->units);
	if (first >= end)
		return;
	blocks_absent(b, first, end);
	bitmap_set(b->fresh, first, end - first);
	b->fresh_units += end - first;
}
