// SPDX-License-Identifier: GPL-2.0-only
/*
 * Maps of 1 GiB and of 4 TiB: what a search, a free and growth cost is counted in words
 * of the map that are read, and does not depend on the size.
 */
#include <kunit/test.h>
#include <linux/bitmap.h>
#include <linux/bitops.h>
#include <linux/module.h>
#include <linux/sched.h>

static unsigned long words;

static unsigned long counted_next(const unsigned long *map, unsigned long size,
				  unsigned long from)
{
	unsigned long bit = find_next_bit(map, size, from);

	words += BIT_WORD(min(bit, size - 1)) - BIT_WORD(from) + 1;
	return bit;
}

static unsigned long counted_weight(unsigned long word)
{
	words++;
	return hweight_long(word);
}

#define find_next_bit counted_next
#define hweight_long counted_weight
#include "../native/blocks.c"
#include "../native/leaf.c"
#include "../native/summary.c"
#undef find_next_bit
#undef hweight_long
#include "map.h"

#define SMALL BIT(30 - PAGE_SHIFT)	/* pages of 1 GiB */
#define LARGE BIT(42 - PAGE_SHIFT)	/* pages of 4 TiB */
#define BASE (3 * LEAF_PAGES)
#define UNIT LEAF_AGE_ORDER
/* Leaves whose memory is allocated at a time. */
#define GROUP 512UL
/* Units that are unreported. */
#define FREED 16
/* Words up and down the levels, and of two leaves: one with a unit, one after its last. */
#define STEP (2 * SUMMARY_LEVELS + 2)

static void add_group(struct kunit *test, struct mmh_blocks *b, unsigned long first,
		      unsigned long count)
{
	struct mmh_leaf *leaf = map_memory(test, count * sizeof(*leaf));
	void *bits = map_memory(test, count * mmh_leaf_bits_memory(UNIT));
	void *stamps = map_memory(test, count * mmh_leaf_stamps_memory());
	unsigned long i;

	for (i = 0; i < count; i++) {
		mmh_leaf_init(&leaf[i], UNIT, bits + i * mmh_leaf_bits_memory(UNIT),
			      stamps + i * mmh_leaf_stamps_memory(), 1000);
		mmh_leaf_clear_unreported(&leaf[i], 0, mmh_leaf_units(UNIT));
		mmh_leaf_mark_reported(&leaf[i], 0, mmh_leaf_units(UNIT));
		mmh_blocks_add(b, b->base + ((first + i) << LEAF_ORDER), &leaf[i]);
	}
}

/* All is reported. */
static struct mmh_blocks make(struct kunit *test, unsigned long pages)
{
	struct mmh_blocks b = map_table(test, BASE, pages, UNIT);
	unsigned long first;

	for (first = 0; first < b.shown[0].bits; first += GROUP) {
		add_group(test, &b, first, min(GROUP, b.shown[0].bits - first));
		cond_resched();
	}
	return b;
}

/* As far from each other as can be.  Return: words that the frees cost. */
static unsigned long free_some(struct mmh_blocks *b, unsigned int order)
{
	unsigned long i, stride = (b->units << UNIT) / FREED;

	words = 0;
	for (i = 0; i < FREED; i++)
		mmh_blocks_mark_freed(b, BASE + i * stride, order, 2000);
	return words;
}

/* Return: words that a search for all unreported units costs. */
static unsigned long search(struct kunit *test, struct mmh_blocks *b, unsigned long expected)
{
	unsigned long unit = 0, found = 0;

	words = 0;
	while ((unit = mmh_blocks_next_unreported(b, unit, b->units)) < b->units) {
		found++;
		unit++;
	}
	KUNIT_EXPECT_EQ(test, found, expected);
	return words;
}

static void search_costs_what_it_finds(struct kunit *test)
{
	static const unsigned long sizes[] = { SMALL, LARGE };
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(sizes); i++) {
		struct mmh_blocks b = make(test, sizes[i]);
		unsigned long none = search(test, &b, 0), some;

		free_some(&b, UNIT);
		some = search(test, &b, FREED);
		kunit_info(test, "%lu GiB: %lu words for none, %lu for %u units",
			   sizes[i] >> (30 - PAGE_SHIFT), none, some, FREED);
		KUNIT_EXPECT_LE(test, none, SUMMARY_LEVELS + 0UL);
		KUNIT_EXPECT_LE(test, some, (FREED + 1) * STEP + 0UL);
	}
}

static void free_costs_the_same(struct kunit *test)
{
	struct mmh_blocks small = make(test, SMALL), large = make(test, LARGE);
	unsigned int order;

	for (order = 0; order <= 10; order++)
		KUNIT_EXPECT_EQ(test, free_some(&small, order), free_some(&large, order));
}

/* All areas have small blocks only: the leaves are searched once, and not again. */
static void split_areas_are_seen_once(struct kunit *test)
{
	struct mmh_blocks b = make(test, LARGE);
	unsigned long area;

	mmh_blocks_forget(&b, 0, b.units);
	for (area = 0; area < b.units; area++)
		mmh_blocks_hide(&b, area, MMH_SEARCH_WHOLE);
	words = 0;
	KUNIT_EXPECT_EQ(test, mmh_blocks_next(&b, 0, b.units, MMH_SEARCH_WHOLE), b.units);
	KUNIT_EXPECT_GE(test, words, b.shown[0].bits);
	words = 0;
	KUNIT_EXPECT_EQ(test, mmh_blocks_next(&b, 0, b.units, MMH_SEARCH_WHOLE), b.units);
	KUNIT_EXPECT_LE(test, words, SUMMARY_LEVELS + 0UL);
	KUNIT_EXPECT_EQ(test, b.unreported_units, b.units);
}

/* The pointers are copied without the lock, and what is done under it reads no word. */
static void growth_reads_no_unit(struct kunit *test)
{
	struct mmh_blocks b = make(test, LARGE);
	struct mmh_blocks more = map_table(test, BASE, LARGE + SMALL, UNIT);
	unsigned long first, then;

	free_some(&b, UNIT);
	words = 0;
	mmh_blocks_adopt(&more, &b);
	mmh_blocks_take_over(&more, &b);
	KUNIT_EXPECT_EQ(test, words, 0UL);
	KUNIT_EXPECT_EQ(test, more.reported_units, b.reported_units);
	/* Once, the search reads the summary of each leaf. */
	first = search(test, &more, FREED);
	then = search(test, &more, FREED);
	kunit_info(test, "grown: %lu words for %u units, then %lu", first, FREED, then);
	KUNIT_EXPECT_LE(test, first, 3 * more.shown[0].bits);
	KUNIT_EXPECT_LE(test, then, (FREED + 1) * STEP + 0UL);
}

/* A table entry and two bits, whatever the unit. */
static void hole_costs_a_pointer(struct kunit *test)
{
	struct mmh_blocks b = map_table(test, BASE, LARGE, 0);
	unsigned long last = BASE + LARGE - LEAF_PAGES;

	KUNIT_EXPECT_LE(test, mmh_blocks_memory(LARGE), 9 * (LARGE >> LEAF_ORDER));
	KUNIT_EXPECT_LE(test, search(test, &b, 0), SUMMARY_LEVELS + 0UL);
	mmh_blocks_add(&b, BASE, map_leaf(test, 0, 1000));
	mmh_blocks_add(&b, last, map_leaf(test, 0, 1000));
	KUNIT_EXPECT_EQ(test, mmh_blocks_isolate(&b, 0, b.units).count, LEAF_PAGES);
	words = 0;
	KUNIT_EXPECT_EQ(test, mmh_blocks_next_unreported(&b, 0, b.units), last - BASE);
	KUNIT_EXPECT_LE(test, words, STEP + 0UL);
	KUNIT_EXPECT_EQ(test, b.unreported_units, LEAF_PAGES);
}

static struct kunit_case scale_cases[] = {
	KUNIT_CASE(search_costs_what_it_finds),
	KUNIT_CASE(free_costs_the_same),
	KUNIT_CASE(split_areas_are_seen_once),
	KUNIT_CASE(growth_reads_no_unit),
	KUNIT_CASE(hole_costs_a_pointer),
	{}
};

static struct kunit_suite scale_suite = {
	.name = "mm_hooks_scale",
	.test_cases = scale_cases,
};

kunit_test_suite(scale_suite);

MODULE_DESCRIPTION("KUnit tests of maps of 1 GiB and of 4 TiB");
MODULE_LICENSE("GPL");
