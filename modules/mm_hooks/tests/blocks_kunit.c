// SPDX-License-Identifier: GPL-2.0-only
/* What the host holds of a span: the corners.  tests/model_kunit.c has the rest. */
#include <kunit/test.h>
#include <linux/module.h>

#include "../native/blocks.c"

#define BASE (3 * BLOCKS_ALIGN)
#define PAGES BLOCKS_ALIGN

static struct blocks make(struct kunit *test, unsigned int unit_order)
{
	size_t bytes = blocks_memory(PAGES, unit_order);
	struct blocks b;

	blocks_init(&b, BASE, PAGES, unit_order,
		    kunit_kzalloc(test, bytes, GFP_KERNEL), 1000);
	KUNIT_ASSERT_NOT_NULL(test, b.fresh);
	return b;
}

static void units_can_be_counted(struct kunit *test)
{
	const unsigned long most = S32_MAX;

	KUNIT_EXPECT_EQ(test, blocks_order(PAGES, 0), 0U);
	KUNIT_EXPECT_EQ(test, blocks_order(most, 0), 0U);
	KUNIT_EXPECT_EQ(test, blocks_order(most + 1, 0), 1U);
	KUNIT_EXPECT_EQ(test, blocks_order(4 * most, 0), 2U);
	KUNIT_EXPECT_EQ(test, blocks_order(4 * most, 9), 9U);
}

/* The host discards all that is fresh. */
static void discard_all(struct blocks *b)
{
	struct blocks_run run;

	while ((run = blocks_take(b, 0, b->units)).count)
		blocks_back(b, run, true);
}

static void all_is_fresh_at_first(struct kunit *test)
{
	struct blocks b = make(test, 9);

	KUNIT_EXPECT_EQ(test, b.units, PAGES >> 9);
	KUNIT_EXPECT_EQ(test, b.fresh_units, b.units);
	KUNIT_EXPECT_EQ(test, b.gone_units, 0UL);
	KUNIT_EXPECT_EQ(test, blocks_next(&b, 0, b.units), 0UL);
	KUNIT_EXPECT_EQ(test, blocks_age(&b, 5, 5 + 1, 1007), 7);
}

static void span_ends_where_it_should(struct kunit *test)
{
	struct blocks b = make(test, 9);

	KUNIT_EXPECT_TRUE(test, blocks_contains(&b, BASE));
	KUNIT_EXPECT_FALSE(test, blocks_contains(&b, BASE - 1));
	KUNIT_EXPECT_TRUE(test, blocks_contains(&b, BASE + PAGES - 1));
	KUNIT_EXPECT_FALSE(test, blocks_contains(&b, BASE + PAGES));
}

static void what_was_taken_is_neither(struct kunit *test)
{
	struct blocks b = make(test, 9);
	struct blocks_run run = blocks_take(&b, 3, 7);

	KUNIT_EXPECT_EQ(test, run.first, 3UL);
	KUNIT_EXPECT_EQ(test, run.count, 4UL);
	KUNIT_EXPECT_EQ(test, b.fresh_units, b.units - 4);
	KUNIT_EXPECT_EQ(test, blocks_next(&b, 3, b.units), 7UL);
	KUNIT_EXPECT_EQ(test, blocks_take(&b, 3, 7).count, 0UL);
}

static void error_makes_fresh_again(struct kunit *test)
{
	struct blocks b = make(test, 9);
	struct blocks_run run = blocks_take(&b, 3, 7);

	blocks_back(&b, run, false);
	KUNIT_EXPECT_EQ(test, b.fresh_units, b.units);
	KUNIT_EXPECT_EQ(test, b.gone_units, 0UL);
}

static void merge_with_a_gone_block_is_no_news_of_it(struct kunit *test)
{
	struct blocks b = make(test, 9);

	discard_all(&b);
	/* The second half of a block of order 10, the first is free anyway. */
	KUNIT_EXPECT_EQ(test, blocks_freed(&b, BASE + 512, 9, 1), 1UL);
	KUNIT_EXPECT_EQ(test, blocks_next(&b, 0, b.units), 1UL);
	KUNIT_EXPECT_EQ(test, blocks_next(&b, 2, b.units), b.units);
}

static void one_page_makes_its_unit_fresh(struct kunit *test)
{
	struct blocks b = make(test, 5);

	discard_all(&b);
	KUNIT_EXPECT_EQ(test, blocks_freed(&b, BASE + 33, 0, 1), 1UL);
	KUNIT_EXPECT_EQ(test, blocks_next(&b, 0, b.units), 1UL);
	KUNIT_EXPECT_EQ(test, b.fresh_units, 1UL);
	KUNIT_EXPECT_EQ(test, b.gone_units, b.units - 1);
}

static void large_free_makes_all_its_units_fresh(struct kunit *test)
{
	struct blocks b = make(test, 5);

	discard_all(&b);
	KUNIT_EXPECT_EQ(test, blocks_freed(&b, BASE + 1024, 10, 1), 32UL);
	KUNIT_EXPECT_EQ(test, blocks_freed(&b, BASE + 1024, 10, 1), 0UL);
	KUNIT_EXPECT_EQ(test, b.fresh_units, 32UL);
}

static void free_makes_the_block_young(struct kunit *test)
{
	struct blocks b = make(test, 5);

	blocks_freed(&b, BASE + 512 + 7, 0, 5000);
	/* All 16 units of the 2 MiB around it, and no other. */
	KUNIT_EXPECT_EQ(test, blocks_age(&b, 15, 15 + 1, 5001), 4001);
	KUNIT_EXPECT_EQ(test, blocks_age(&b, 16, 16 + 1, 5001), 1);
	KUNIT_EXPECT_EQ(test, blocks_age(&b, 31, 31 + 1, 5001), 1);
	KUNIT_EXPECT_EQ(test, blocks_age(&b, 32, 32 + 1, 5001), 4001);
}

static void age_survives_the_wrap_of_time(struct kunit *test)
{
	struct blocks b = make(test, 9);

	blocks_freed(&b, BASE, 9, U32_MAX - 1);
	KUNIT_EXPECT_EQ(test, blocks_age(&b, 0, 0 + 1, 3), 5);
}

static void block_is_as_young_as_its_youngest_part(struct kunit *test)
{
	struct blocks b = make(test, 9);

	blocks_freed(&b, BASE + 512, 9, 5000);
	KUNIT_EXPECT_EQ(test, blocks_age(&b, 0, 2, 5001), 1);
	KUNIT_EXPECT_EQ(test, blocks_age(&b, 2, 4, 5001), 4001);
	/* Freed after the pass began. */
	KUNIT_EXPECT_EQ(test, blocks_age(&b, 0, 2, 4998), -2);
}

static void gone_part_has_no_age(struct kunit *test)
{
	struct blocks b = make(test, 9);

	discard_all(&b);
	blocks_freed(&b, BASE + 512, 9, 5000);
	KUNIT_EXPECT_EQ(test, blocks_age(&b, 0, 2, 5100), 100);
}

static void age_beyond_the_clock_is_old(struct kunit *test)
{
	struct blocks b = make(test, 9);

	/* Made at 1000; then half the range of the clock passes, and more. */
	KUNIT_EXPECT_EQ(test, blocks_age(&b, 0, 1, 1000U + S32_MAX), S32_MAX);
	KUNIT_EXPECT_EQ(test, blocks_age(&b, 0, 1, 1001U + S32_MAX), S32_MAX);
	KUNIT_EXPECT_EQ(test, blocks_age(&b, 0, 1, 1000U + 3000000000U),
			S32_MAX);
	blocks_freed(&b, BASE, 9, 1000U + 3000000000U);
	KUNIT_EXPECT_EQ(test, blocks_age(&b, 0, 2, 1007U + 3000000000U), 7);
}

static void part_of_a_map_is_forgotten(struct kunit *test)
{
	struct blocks b = make(test, 5);

	discard_all(&b);
	blocks_forget(&b, 64, 128);
	KUNIT_EXPECT_EQ(test, b.fresh_units, 64UL);
	KUNIT_EXPECT_EQ(test, b.gone_units, b.units - 64);
	KUNIT_EXPECT_EQ(test, blocks_next(&b, 0, b.units), 64UL);
	/* To the end, and beyond it nothing. */
	blocks_forget(&b, b.units - 64, ULONG_MAX);
	blocks_forget(&b, b.units, ULONG_MAX);
	KUNIT_EXPECT_EQ(test, b.fresh_units, 128UL);
}

static void absent_memory_is_neither(struct kunit *test)
{
	struct blocks b = make(test, 5);

	discard_all(&b);
	blocks_forget(&b, 0, 64);
	blocks_absent(&b, 0, 128);
	KUNIT_EXPECT_EQ(test, b.fresh_units, 0UL);
	KUNIT_EXPECT_EQ(test, b.gone_units, b.units - 128);
	/* It is not taken into use again when it comes back. */
	KUNIT_EXPECT_EQ(test, blocks_freed(&b, BASE, 10, 1), 0UL);
}

static void dropped_unit_comes_back_with_a_free(struct kunit *test)
{
	struct blocks b = make(test, 9);

	blocks_drop(&b, 2);
	blocks_drop(&b, 2);
	KUNIT_EXPECT_EQ(test, b.fresh_units, b.units - 1);
	KUNIT_EXPECT_EQ(test, blocks_freed(&b, BASE + 1024, 9, 1), 0UL);
	KUNIT_EXPECT_EQ(test, b.fresh_units, b.units);
}

static void forget_holds_for_what_is_in_flight(struct kunit *test)
{
	struct blocks b = make(test, 9);
	struct blocks_run run = blocks_take(&b, 3, 7);

	blocks_forget(&b, 0, b.units);
	blocks_back(&b, run, true);
	KUNIT_EXPECT_EQ(test, b.fresh_units, b.units);
	KUNIT_EXPECT_EQ(test, b.gone_units, 0UL);
	KUNIT_EXPECT_FALSE(test, test_bit(3, b.gone));
}

static void larger_map_inherits(struct kunit *test)
{
	struct blocks b = make(test, 9), more;

	discard_all(&b);
	blocks_freed(&b, BASE + 512, 9, 77);
	blocks_init(&more, BASE - BLOCKS_ALIGN, 3 * PAGES, 9,
		    kunit_kzalloc(test, blocks_memory(3 * PAGES, 9),
				  GFP_KERNEL), 99);
	blocks_inherit(&more, &b);
	KUNIT_EXPECT_EQ(test, more.gone_units, b.gone_units);
	KUNIT_EXPECT_EQ(test, more.fresh_units, 2 * b.units + 1);
	KUNIT_EXPECT_EQ(test, blocks_next(&more, b.units, more.units),
			b.units + 1);
	KUNIT_EXPECT_EQ(test, blocks_age(&more, b.units + 1, b.units + 2, 100), 23);
}

/* 2 MiB of which one half was freed since, and 2 MiB of which none was. */
static void smaller_units_are_gone_but_for_what_is_younger(struct kunit *test)
{
	struct blocks b = make(test, 9), small = make(test, 8);

	discard_all(&b);
	blocks_freed(&small, BASE, 8, 1001);
	blocks_carry(&small, &b, BASE, 9, 1000);
	KUNIT_EXPECT_EQ(test, small.gone_units, 0UL);
	blocks_carry(&small, &b, BASE + 512, 9, 999);
	KUNIT_EXPECT_EQ(test, small.gone_units, 0UL);
	blocks_carry(&small, &b, BASE + 512, 9, 1000);
	KUNIT_EXPECT_EQ(test, small.gone_units, 2UL);
	KUNIT_EXPECT_EQ(test, small.fresh_units, small.units - 2);
	KUNIT_EXPECT_EQ(test, blocks_next_gone(&small, 0), 2UL);
	KUNIT_EXPECT_EQ(test, blocks_next_gone(&small, 4), small.units);
}

static void larger_unit_is_gone_with_all_its_parts(struct kunit *test)
{
	struct blocks b = make(test, 8), large = make(test, 9);

	discard_all(&b);
	blocks_freed(&b, BASE, 8, 1001);
	blocks_carry(&large, &b, BASE, 9, 1000);
	KUNIT_EXPECT_EQ(test, large.gone_units, 0UL);
	blocks_carry(&large, &b, BASE + 512, 9, 1000);
	KUNIT_EXPECT_EQ(test, large.gone_units, 1UL);
	KUNIT_EXPECT_EQ(test, blocks_next(&large, 1, large.units), 2UL);
}

static struct kunit_case blocks_cases[] = {
	KUNIT_CASE(units_can_be_counted),
	KUNIT_CASE(all_is_fresh_at_first),
	KUNIT_CASE(span_ends_where_it_should),
	KUNIT_CASE(what_was_taken_is_neither),
	KUNIT_CASE(error_makes_fresh_again),
	KUNIT_CASE(merge_with_a_gone_block_is_no_news_of_it),
	KUNIT_CASE(one_page_makes_its_unit_fresh),
	KUNIT_CASE(large_free_makes_all_its_units_fresh),
	KUNIT_CASE(free_makes_the_block_young),
	KUNIT_CASE(age_survives_the_wrap_of_time),
	KUNIT_CASE(block_is_as_young_as_its_youngest_part),
	KUNIT_CASE(gone_part_has_no_age),
	KUNIT_CASE(age_beyond_the_clock_is_old),
	KUNIT_CASE(part_of_a_map_is_forgotten),
	KUNIT_CASE(absent_memory_is_neither),
	KUNIT_CASE(dropped_unit_comes_back_with_a_free),
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
