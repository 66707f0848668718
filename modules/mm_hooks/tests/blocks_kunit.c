// SPDX-License-Identifier: GPL-2.0-only
/* What the host holds of a span: the corners.  tests/model_kunit.c has the rest. */
#include <kunit/test.h>
#include <linux/bitmap.h>
#include <linux/bitops.h>
#include <linux/module.h>

/* Words of a map whose bits are counted. */
static unsigned long words;

static unsigned long counted_weight(unsigned long word)
{
	words++;
	return hweight_long(word);
}

#define hweight_long counted_weight
#include "../native/leaf.c"
#undef hweight_long
#include "../native/blocks.c"
#include "../native/summary.c"
#include "map.h"

#define BASE (3 * LEAF_PAGES)
#define PAGES LEAF_PAGES
/* What has an age: its order, its pages, and its units of order 5. */
#define AREA_ORDER LEAF_AGE_ORDER
#define AREA BIT(AREA_ORDER)
#define UNITS BIT(AREA_ORDER - 5)

static struct mmh_blocks make(struct kunit *test, unsigned int unit_order)
{
	return map_make(test, BASE, PAGES, unit_order, 1000);
}

/* The host discards all that is unreported. */
static void discard_all(struct mmh_blocks *b)
{
	struct mmh_blocks_run run;

	while ((run = mmh_blocks_isolate(b, 0, b->units)).count)
		mmh_blocks_complete(b, run, true);
}

static void all_is_fresh_at_first(struct kunit *test)
{
	struct mmh_blocks b = make(test, AREA_ORDER);

	KUNIT_EXPECT_EQ(test, b.units, PAGES >> AREA_ORDER);
	KUNIT_EXPECT_EQ(test, b.unreported_units, b.units);
	KUNIT_EXPECT_EQ(test, b.reported_units, 0UL);
	KUNIT_EXPECT_EQ(test, mmh_blocks_next_unreported(&b, 0, b.units), 0UL);
	KUNIT_EXPECT_EQ(test, mmh_blocks_age(&b, 5, 5 + 1, 1007), 7);
}

static void span_ends_where_it_should(struct kunit *test)
{
	struct mmh_blocks b = make(test, AREA_ORDER);

	KUNIT_EXPECT_NOT_NULL(test, mmh_blocks_leaf(&b, BASE));
	KUNIT_EXPECT_NULL(test, mmh_blocks_leaf(&b, BASE - 1));
	KUNIT_EXPECT_NOT_NULL(test, mmh_blocks_leaf(&b, BASE + PAGES - 1));
	KUNIT_EXPECT_NULL(test, mmh_blocks_leaf(&b, BASE + PAGES));
}

static void clip(struct kunit *test, unsigned long start, unsigned long end,
		 unsigned long expected_start, unsigned long expected_end)
{
	struct mmh_blocks b = map_table(test, BASE, 3 * PAGES, 5);
	struct mmh_blocks_span span = mmh_blocks_clip(&b, start, end);

	KUNIT_EXPECT_EQ(test, span.start, expected_start);
	KUNIT_EXPECT_EQ(test, span.end, expected_end);
}

static void memory_is_clipped_to_the_map(struct kunit *test)
{
	const unsigned long last = BASE + 3 * PAGES;

	clip(test, 0, ULONG_MAX, BASE, last);
	clip(test, BASE + PAGES, BASE + 2 * PAGES, BASE + PAGES, BASE + 2 * PAGES);
	/* Whole leaves. */
	clip(test, BASE + PAGES + 7, BASE + PAGES + 8, BASE + PAGES, BASE + 2 * PAGES);
	clip(test, 1, BASE + 1, BASE, BASE + PAGES);
	clip(test, last - 1, last + 1, last - PAGES, last);
	/* Nothing. */
	clip(test, 0, BASE, BASE, BASE);
	clip(test, last, ULONG_MAX, last, last);
	clip(test, ULONG_MAX - 1, ULONG_MAX, last, last);
}

static void what_was_taken_is_neither(struct kunit *test)
{
	struct mmh_blocks b = make(test, AREA_ORDER);
	struct mmh_blocks_run run = mmh_blocks_isolate(&b, 3, 7);

	KUNIT_EXPECT_EQ(test, run.first, 3UL);
	KUNIT_EXPECT_EQ(test, run.count, 4UL);
	KUNIT_EXPECT_EQ(test, b.unreported_units, b.units - 4);
	KUNIT_EXPECT_EQ(test, mmh_blocks_next_unreported(&b, 3, b.units), 7UL);
	KUNIT_EXPECT_EQ(test, mmh_blocks_isolate(&b, 3, 7).count, 0UL);
}

static void error_makes_fresh_again(struct kunit *test)
{
	struct mmh_blocks b = make(test, AREA_ORDER);
	struct mmh_blocks_run run = mmh_blocks_isolate(&b, 3, 7);

	mmh_blocks_complete(&b, run, false);
	KUNIT_EXPECT_EQ(test, b.unreported_units, b.units);
	KUNIT_EXPECT_EQ(test, b.reported_units, 0UL);
}

static void merge_with_a_gone_block_is_no_news_of_it(struct kunit *test)
{
	struct mmh_blocks b = make(test, AREA_ORDER);

	discard_all(&b);
	/* The second half of a block of two areas, the first is free anyway. */
	KUNIT_EXPECT_EQ(test, mmh_blocks_mark_freed(&b, BASE + AREA, AREA_ORDER, 1), 1UL);
	KUNIT_EXPECT_EQ(test, mmh_blocks_next_unreported(&b, 0, b.units), 1UL);
	KUNIT_EXPECT_EQ(test, mmh_blocks_next_unreported(&b, 2, b.units), b.units);
}

static void one_page_makes_its_unit_fresh(struct kunit *test)
{
	struct mmh_blocks b = make(test, 5);

	discard_all(&b);
	KUNIT_EXPECT_EQ(test, mmh_blocks_mark_freed(&b, BASE + 33, 0, 1), 1UL);
	KUNIT_EXPECT_EQ(test, mmh_blocks_next_unreported(&b, 0, b.units), 1UL);
	KUNIT_EXPECT_EQ(test, b.unreported_units, 1UL);
	KUNIT_EXPECT_EQ(test, b.reported_units, b.units - 1);
}

static void large_free_makes_all_its_units_fresh(struct kunit *test)
{
	struct mmh_blocks b = make(test, 5);

	discard_all(&b);
	KUNIT_EXPECT_EQ(test, mmh_blocks_mark_freed(&b, BASE + 1024, 10, 1), 32UL);
	KUNIT_EXPECT_EQ(test, mmh_blocks_mark_freed(&b, BASE + 1024, 10, 1), 0UL);
	KUNIT_EXPECT_EQ(test, b.unreported_units, 32UL);
}

/* Of each word of the map the reported and the unreported bits are counted. */
static void free_costs_words_and_not_units(struct kunit *test)
{
	struct mmh_blocks b = make(test, 0);
	unsigned int order;

	discard_all(&b);
	for (order = 0; order <= 10; order++) {
		words = 0;
		KUNIT_EXPECT_EQ(test, mmh_blocks_mark_freed(&b, BASE + (1UL << order), order, 1),
				1UL << order);
		/* No bits are counted for one unit. */
		KUNIT_EXPECT_EQ(test, words,
				order ? 2 * max((1UL << order) / BITS_PER_LONG, 1UL) : 0);
		KUNIT_EXPECT_EQ(test, b.unreported_units, (2UL << order) - 1);
	}
}

static void report_costs_words_and_not_units(struct kunit *test)
{
	struct mmh_blocks b = make(test, 0);
	/* From the middle of a word to the middle of another one. */
	struct mmh_blocks_run run = mmh_blocks_isolate(&b, 7, 1024 + 9);

	mmh_blocks_mark_freed(&b, BASE + 500, 0, 1);
	words = 0;
	mmh_blocks_complete(&b, run, true);
	KUNIT_EXPECT_EQ(test, words, 1024UL / BITS_PER_LONG + 1);
	KUNIT_EXPECT_EQ(test, b.reported_units, run.count - 1);
	KUNIT_EXPECT_EQ(test, b.unreported_units, b.units - run.count + 1);
	run = mmh_blocks_isolate(&b, 0, 2048);
	KUNIT_EXPECT_EQ(test, run.count, 7UL);
	mmh_blocks_complete(&b, run, false);
	KUNIT_EXPECT_EQ(test, b.unreported_units, b.units - b.reported_units);
}

static void free_makes_the_block_young(struct kunit *test)
{
	struct mmh_blocks b = make(test, 5);

	mmh_blocks_mark_freed(&b, BASE + AREA + 7, 0, 5000);
	/* All units of the area around it, and no other. */
	KUNIT_EXPECT_EQ(test, mmh_blocks_age(&b, UNITS - 1, UNITS, 5001), 4001);
	KUNIT_EXPECT_EQ(test, mmh_blocks_age(&b, UNITS, UNITS + 1, 5001), 1);
	KUNIT_EXPECT_EQ(test, mmh_blocks_age(&b, 2 * UNITS - 1, 2 * UNITS, 5001), 1);
	KUNIT_EXPECT_EQ(test, mmh_blocks_age(&b, 2 * UNITS, 2 * UNITS + 1, 5001), 4001);
}

static void age_survives_the_wrap_of_time(struct kunit *test)
{
	struct mmh_blocks b = make(test, AREA_ORDER);

	mmh_blocks_mark_freed(&b, BASE, AREA_ORDER, U32_MAX - 1);
	KUNIT_EXPECT_EQ(test, mmh_blocks_age(&b, 0, 0 + 1, 3), 5);
}

static void block_is_as_young_as_its_youngest_part(struct kunit *test)
{
	struct mmh_blocks b = make(test, AREA_ORDER);

	mmh_blocks_mark_freed(&b, BASE + AREA, AREA_ORDER, 5000);
	KUNIT_EXPECT_EQ(test, mmh_blocks_age(&b, 0, 2, 5001), 1);
	KUNIT_EXPECT_EQ(test, mmh_blocks_age(&b, 2, 4, 5001), 4001);
	/* Freed after the pass began. */
	KUNIT_EXPECT_EQ(test, mmh_blocks_age(&b, 0, 2, 4998), -2);
}

static void gone_part_has_no_age(struct kunit *test)
{
	struct mmh_blocks b = make(test, AREA_ORDER);

	discard_all(&b);
	mmh_blocks_mark_freed(&b, BASE + AREA, AREA_ORDER, 5000);
	KUNIT_EXPECT_EQ(test, mmh_blocks_age(&b, 0, 2, 5100), 100);
}

static void age_beyond_the_clock_is_old(struct kunit *test)
{
	struct mmh_blocks b = make(test, AREA_ORDER);

	/* Made at 1000; then half the range of the clock passes, and more. */
	KUNIT_EXPECT_EQ(test, mmh_blocks_age(&b, 0, 1, 1000U + S32_MAX), S32_MAX);
	KUNIT_EXPECT_EQ(test, mmh_blocks_age(&b, 0, 1, 1001U + S32_MAX), S32_MAX);
	KUNIT_EXPECT_EQ(test, mmh_blocks_age(&b, 0, 1, 1000U + 3000000000U),
			S32_MAX);
	mmh_blocks_mark_freed(&b, BASE, AREA_ORDER, 1000U + 3000000000U);
	KUNIT_EXPECT_EQ(test, mmh_blocks_age(&b, 0, 2, 1007U + 3000000000U), 7);
}

static void part_of_a_map_is_forgotten(struct kunit *test)
{
	struct mmh_blocks b = make(test, 5);

	discard_all(&b);
	mmh_blocks_forget(&b, 64, 128);
	KUNIT_EXPECT_EQ(test, b.unreported_units, 64UL);
	KUNIT_EXPECT_EQ(test, b.reported_units, b.units - 64);
	KUNIT_EXPECT_EQ(test, mmh_blocks_next_unreported(&b, 0, b.units), 64UL);
	/* To the end, and beyond it nothing. */
	mmh_blocks_forget(&b, b.units - 64, ULONG_MAX);
	mmh_blocks_forget(&b, b.units, ULONG_MAX);
	KUNIT_EXPECT_EQ(test, b.unreported_units, 128UL);
}

static void memory_that_goes_takes_its_counts_along(struct kunit *test)
{
	struct mmh_blocks b = map_make(test, BASE, 3 * PAGES, 5, 1000);
	struct mmh_leaf *c;

	discard_all(&b);
	mmh_blocks_forget(&b, b.units / 3, b.units / 3 + 64);
	c = mmh_blocks_remove(&b, BASE + PAGES);
	KUNIT_EXPECT_NOT_NULL(test, c);
	KUNIT_EXPECT_NULL(test, mmh_blocks_leaf(&b, BASE + PAGES));
	KUNIT_EXPECT_EQ(test, b.unreported_units, 0UL);
	KUNIT_EXPECT_EQ(test, b.reported_units, b.units / 3 * 2);
	KUNIT_EXPECT_EQ(test, mmh_blocks_next_unreported(&b, 0, b.units), b.units);
	KUNIT_EXPECT_NULL(test, mmh_blocks_remove(&b, BASE + PAGES));
	mmh_blocks_add(&b, BASE + PAGES, c);
	KUNIT_EXPECT_EQ(test, b.unreported_units, 64UL);
	KUNIT_EXPECT_EQ(test, mmh_blocks_next_unreported(&b, 0, b.units), b.units / 3);
}

/* Nothing of a hole is found, forgotten or completed. */
static void hole_is_neither(struct kunit *test)
{
	struct mmh_blocks b = map_make(test, BASE, 3 * PAGES, 5, 1000);
	unsigned long third = b.units / 3;

	mmh_blocks_remove(&b, BASE + PAGES);
	KUNIT_EXPECT_EQ(test, mmh_blocks_isolate(&b, 0, b.units).count, third);
	KUNIT_EXPECT_EQ(test, mmh_blocks_next_unreported(&b, 0, b.units), 2 * third);
	KUNIT_EXPECT_EQ(test, mmh_blocks_next_unreported(&b, third + 7, 2 * third - 7),
			2 * third - 7);
	KUNIT_EXPECT_FALSE(test, mmh_blocks_are_reported(&b, third, third + 1));
	mmh_blocks_complete(&b, (struct mmh_blocks_run){ .count = 3 * third }, true);
	KUNIT_EXPECT_EQ(test, b.reported_units, third);
	KUNIT_EXPECT_EQ(test, mmh_blocks_next_reported(&b, third), b.units);
	mmh_blocks_forget(&b, 0, ULONG_MAX);
	KUNIT_EXPECT_EQ(test, b.unreported_units, 2 * third);
	KUNIT_EXPECT_EQ(test, b.reported_units, 0UL);
}

static void dropped_unit_comes_back_with_a_free(struct kunit *test)
{
	struct mmh_blocks b = make(test, AREA_ORDER);

	mmh_blocks_mark_used(&b, 2);
	mmh_blocks_mark_used(&b, 2);
	KUNIT_EXPECT_EQ(test, b.unreported_units, b.units - 1);
	KUNIT_EXPECT_EQ(test, mmh_blocks_mark_freed(&b, BASE + 2 * AREA, AREA_ORDER, 1), 0UL);
	KUNIT_EXPECT_EQ(test, b.unreported_units, b.units);
}

/* Small blocks in the second area of each leaf; the rest is reported. */
static struct mmh_blocks make_split(struct kunit *test)
{
	struct mmh_blocks b = map_make(test, BASE, 3 * PAGES, 5, 1000);
	unsigned long unit;

	discard_all(&b);
	for (unit = UNITS; unit < b.units; unit += b.units / 3) {
		mmh_blocks_mark_freed(&b, mmh_blocks_pfn(&b, unit + 3), 5, 1);
		mmh_blocks_hide(&b, unit + 3, MMH_SEARCH_WHOLE);
	}
	return b;
}

static unsigned long next_whole(struct mmh_blocks *b, unsigned long from)
{
	return mmh_blocks_next(b, from, b->units, MMH_SEARCH_WHOLE);
}

static void split_areas_are_left_out(struct kunit *test)
{
	struct mmh_blocks b = make_split(test);

	KUNIT_EXPECT_EQ(test, mmh_blocks_next_unreported(&b, 0, b.units), UNITS + 3);
	KUNIT_EXPECT_EQ(test, next_whole(&b, 0), b.units);
	/* The leaves are not searched again. */
	KUNIT_EXPECT_EQ(test, mmh_blocks_next_leaf(&b, 0, b.units, MMH_SEARCH_WHOLE), b.units);
	KUNIT_EXPECT_EQ(test, mmh_blocks_next_leaf(&b, 0, b.units, MMH_SEARCH_ALL), 0UL);
	/* Another area of the second leaf, and one beside it. */
	mmh_blocks_mark_freed(&b, BASE + PAGES + 4 * AREA, AREA_ORDER, 2);
	KUNIT_EXPECT_EQ(test, next_whole(&b, 0), b.units / 3 + 4 * UNITS);
	KUNIT_EXPECT_EQ(test, next_whole(&b, b.units / 3 + 5 * UNITS), b.units);
}

static void split_area_comes_back(struct kunit *test)
{
	struct mmh_blocks b = make_split(test);
	unsigned long third = b.units / 3;
	struct mmh_blocks_run run;

	KUNIT_EXPECT_EQ(test, next_whole(&b, 0), b.units);
	/* With a free in it, though its unit is unreported already. */
	mmh_blocks_mark_freed(&b, BASE + AREA + 3 * 32, 0, 2);
	KUNIT_EXPECT_EQ(test, next_whole(&b, 0), UNITS + 3);
	/* When a report of a part of it is completed, whatever the result. */
	run = mmh_blocks_isolate(&b, third + UNITS + 3, third + UNITS + 4);
	mmh_blocks_mark_freed(&b, BASE + PAGES + AREA, 0, 2);
	mmh_blocks_hide(&b, third + UNITS, MMH_SEARCH_WHOLE);
	KUNIT_EXPECT_EQ(test, next_whole(&b, third), b.units);
	mmh_blocks_complete(&b, run, true);
	KUNIT_EXPECT_EQ(test, next_whole(&b, third), third + UNITS);
	/* And when it is forgotten. */
	KUNIT_EXPECT_EQ(test, next_whole(&b, 2 * third), b.units);
	mmh_blocks_forget(&b, 2 * third, 3 * third);
	KUNIT_EXPECT_EQ(test, next_whole(&b, 2 * third + UNITS), 2 * third + UNITS);
}

static void neighbours_are_in_the_same_leaf(struct kunit *test)
{
	struct mmh_blocks b = map_make(test, BASE, 2 * PAGES, AREA_ORDER, 1000);

	KUNIT_EXPECT_TRUE(test, mmh_blocks_are_unreported(&b, 3, 5));
	KUNIT_EXPECT_TRUE(test, mmh_blocks_are_unreported(&b, 63, 64));
	KUNIT_EXPECT_FALSE(test, mmh_blocks_are_unreported(&b, 63, 65));
	KUNIT_EXPECT_FALSE(test, mmh_blocks_are_unreported(&b, 128, 129));
	mmh_blocks_mark_used(&b, 4);
	KUNIT_EXPECT_FALSE(test, mmh_blocks_are_unreported(&b, 3, 5));
	mmh_blocks_remove(&b, BASE + PAGES);
	KUNIT_EXPECT_FALSE(test, mmh_blocks_are_unreported(&b, 64, 65));
}

static unsigned long next_run(struct mmh_blocks *b, unsigned long from)
{
	return mmh_blocks_next(b, from, b->units, MMH_SEARCH_RUNS);
}

/* What is alone is no run before a block beside it is free. */
static void neighbour_makes_a_run(struct kunit *test)
{
	struct mmh_blocks b = make(test, AREA_ORDER);

	discard_all(&b);
	mmh_blocks_mark_freed(&b, BASE + 5 * AREA, AREA_ORDER, 1);
	mmh_blocks_hide(&b, 5, MMH_SEARCH_RUNS);
	KUNIT_EXPECT_EQ(test, next_run(&b, 0), b.units);
	KUNIT_EXPECT_EQ(test, next_whole(&b, 0), 5UL);
	mmh_blocks_mark_freed(&b, BASE + 7 * AREA, AREA_ORDER, 1);
	KUNIT_EXPECT_EQ(test, next_run(&b, 0), 7UL);
	mmh_blocks_mark_freed(&b, BASE + 6 * AREA, AREA_ORDER, 1);
	KUNIT_EXPECT_EQ(test, next_run(&b, 0), 5UL);
	/* Small blocks are no run, and not free as a whole either. */
	mmh_blocks_hide(&b, 5, MMH_SEARCH_WHOLE);
	KUNIT_EXPECT_EQ(test, next_whole(&b, 0), 6UL);
	KUNIT_EXPECT_EQ(test, next_run(&b, 0), 6UL);
	mmh_blocks_mark_freed(&b, BASE + 4 * AREA, AREA_ORDER, 1);
	KUNIT_EXPECT_EQ(test, next_whole(&b, 5), 6UL);
}

static void forget_holds_for_what_is_in_flight(struct kunit *test)
{
	struct mmh_blocks b = make(test, AREA_ORDER);
	struct mmh_blocks_run run = mmh_blocks_isolate(&b, 3, 7);

	mmh_blocks_forget(&b, 0, b.units);
	mmh_blocks_complete(&b, run, true);
	KUNIT_EXPECT_EQ(test, b.unreported_units, b.units);
	KUNIT_EXPECT_EQ(test, b.reported_units, 0UL);
	KUNIT_EXPECT_FALSE(test, mmh_blocks_are_reported(&b, 3, 4));
}

static void larger_map_inherits(struct kunit *test)
{
	struct mmh_blocks b = make(test, AREA_ORDER);
	struct mmh_blocks more = map_table(test, BASE - PAGES, 3 * PAGES, AREA_ORDER);

	discard_all(&b);
	mmh_blocks_adopt(&more, &b);
	/* Between the two the guest goes on. */
	mmh_blocks_mark_freed(&b, BASE + AREA, AREA_ORDER, 77);
	mmh_blocks_take_over(&more, &b);
	KUNIT_EXPECT_EQ(test, more.reported_units, b.reported_units);
	KUNIT_EXPECT_EQ(test, more.unreported_units, 1UL);
	KUNIT_EXPECT_EQ(test, mmh_blocks_next_unreported(&more, 0, more.units), b.units + 1);
	KUNIT_EXPECT_EQ(test, mmh_blocks_age(&more, b.units + 1, b.units + 2, 100), 23);
	mmh_blocks_add(&more, BASE + PAGES, map_leaf(test, AREA_ORDER, 99));
	KUNIT_EXPECT_EQ(test, more.unreported_units, b.units + 1);
	mmh_blocks_mark_used(&more, b.units + 1);
	KUNIT_EXPECT_EQ(test, mmh_blocks_next_unreported(&more, 0, more.units), 2 * b.units);
}

/* An area of which one half was freed since, and one of which none was. */
static void smaller_units_are_gone_but_for_what_is_younger(struct kunit *test)
{
	struct mmh_blocks b = make(test, AREA_ORDER), small = make(test, AREA_ORDER - 1);

	discard_all(&b);
	mmh_blocks_mark_freed(&small, BASE, AREA_ORDER - 1, 1001);
	mmh_blocks_convert_units(&small, &b, BASE, AREA_ORDER, 1000);
	KUNIT_EXPECT_EQ(test, small.reported_units, 0UL);
	mmh_blocks_convert_units(&small, &b, BASE + AREA, AREA_ORDER, 999);
	KUNIT_EXPECT_EQ(test, small.reported_units, 0UL);
	mmh_blocks_convert_units(&small, &b, BASE + AREA, AREA_ORDER, 1000);
	KUNIT_EXPECT_EQ(test, small.reported_units, 2UL);
	KUNIT_EXPECT_EQ(test, small.unreported_units, small.units - 2);
	KUNIT_EXPECT_EQ(test, mmh_blocks_next_reported(&small, 0), 2UL);
	KUNIT_EXPECT_EQ(test, mmh_blocks_next_reported(&small, 4), small.units);
}

static void larger_unit_is_gone_with_all_its_parts(struct kunit *test)
{
	struct mmh_blocks b = make(test, AREA_ORDER - 1), large = make(test, AREA_ORDER);

	discard_all(&b);
	mmh_blocks_mark_freed(&b, BASE, AREA_ORDER - 1, 1001);
	mmh_blocks_convert_units(&large, &b, BASE, AREA_ORDER, 1000);
	KUNIT_EXPECT_EQ(test, large.reported_units, 0UL);
	mmh_blocks_convert_units(&large, &b, BASE + AREA, AREA_ORDER, 1000);
	KUNIT_EXPECT_EQ(test, large.reported_units, 1UL);
	KUNIT_EXPECT_EQ(test, mmh_blocks_next_unreported(&large, 1, large.units), 2UL);
}

static struct kunit_case blocks_cases[] = {
	KUNIT_CASE(all_is_fresh_at_first),
	KUNIT_CASE(span_ends_where_it_should),
	KUNIT_CASE(memory_is_clipped_to_the_map),
	KUNIT_CASE(what_was_taken_is_neither),
	KUNIT_CASE(error_makes_fresh_again),
	KUNIT_CASE(merge_with_a_gone_block_is_no_news_of_it),
	KUNIT_CASE(one_page_makes_its_unit_fresh),
	KUNIT_CASE(large_free_makes_all_its_units_fresh),
	KUNIT_CASE(free_costs_words_and_not_units),
	KUNIT_CASE(report_costs_words_and_not_units),
	KUNIT_CASE(free_makes_the_block_young),
	KUNIT_CASE(age_survives_the_wrap_of_time),
	KUNIT_CASE(block_is_as_young_as_its_youngest_part),
	KUNIT_CASE(gone_part_has_no_age),
	KUNIT_CASE(age_beyond_the_clock_is_old),
	KUNIT_CASE(part_of_a_map_is_forgotten),
	KUNIT_CASE(memory_that_goes_takes_its_counts_along),
	KUNIT_CASE(hole_is_neither),
	KUNIT_CASE(dropped_unit_comes_back_with_a_free),
	KUNIT_CASE(split_areas_are_left_out),
	KUNIT_CASE(split_area_comes_back),
	KUNIT_CASE(neighbours_are_in_the_same_leaf),
	KUNIT_CASE(neighbour_makes_a_run),
	KUNIT_CASE(forget_holds_for_what_is_in_flight),
	KUNIT_CASE(larger_map_inherits),
	KUNIT_CASE(smaller_units_are_gone_but_for_what_is_younger),
	KUNIT_CASE(larger_unit_is_gone_with_all_its_parts),
	{}
};

static struct kunit_suite blocks_suite = {
	.name = "mm_hooks_blocks",
	.test_cases = blocks_cases,
};

kunit_test_suite(blocks_suite);

MODULE_DESCRIPTION("KUnit tests of what mm_hooks knows of the host's memory");
MODULE_LICENSE("GPL");
