// SPDX-License-Identifier: GPL-2.0-only
/* The walk for small blocks. */
#include <kunit/test.h>
#include <linux/limits.h>
#include <linux/module.h>

#include "../native/small_walk.c"

#define HIGH 9
#define PFN 0x4000UL
#define PAGES 512

static struct mmh_small_walk walk_from(unsigned int low)
{
	return (struct mmh_small_walk){
		.low = low, .high = HIGH, .ranges = UINT_MAX, .places = ULONG_MAX,
	};
}

static struct mmh_small_place free_at(unsigned long pfn, unsigned int order)
{
	return (struct mmh_small_place){ .pfn = pfn, .is_free = true, .order = order };
}

static void small_blocks_are_due(struct kunit *test)
{
	const struct mmh_small_walk w = walk_from(3);
	unsigned int order;

	for (order = 0; order <= HIGH + 1; order++) {
		const struct mmh_small_place p = free_at(PFN, order);

		KUNIT_EXPECT_EQ(test, mmh_small_is_due(&w, &p), order >= 3 && order < HIGH);
	}
}

static void reported_blocks_are_not_due(struct kunit *test)
{
	const struct mmh_small_walk w = walk_from(0);
	struct mmh_small_place p = free_at(PFN, 4);

	p.reported = true;
	KUNIT_EXPECT_FALSE(test, mmh_small_is_due(&w, &p));
}

/* The order and the flag of a page in use mean something else. */
static void pages_in_use_are_not_due(struct kunit *test)
{
	const struct mmh_small_walk w = walk_from(0);
	const struct mmh_small_place p = { .pfn = PFN, .order = 4 };

	KUNIT_EXPECT_FALSE(test, mmh_small_is_due(&w, &p));
}

static void a_block_is_skipped_as_a_whole(struct kunit *test)
{
	struct mmh_small_walk w = walk_from(0);
	struct mmh_small_place p = free_at(PFN, 4);

	KUNIT_EXPECT_EQ(test, mmh_small_next(&w, &p), PFN + 16);
	p = free_at(PFN, HIGH + 1);
	KUNIT_EXPECT_EQ(test, mmh_small_next(&w, &p), PFN + 1024);
}

static void pages_in_use_are_skipped_by_the_lowest_order(struct kunit *test)
{
	struct mmh_small_walk w = walk_from(3);
	struct mmh_small_place p = { .pfn = PFN, .order = 40 };

	KUNIT_EXPECT_EQ(test, mmh_small_next(&w, &p), PFN + 8);
	p = free_at(PFN, 1);
	KUNIT_EXPECT_EQ(test, mmh_small_next(&w, &p), PFN + 8);
}

/* Another order than the last time, or a block that has merged around the place. */
static void a_place_in_between_leads_to_a_multiple(struct kunit *test)
{
	struct mmh_small_walk w = walk_from(3);
	struct mmh_small_place p = { .pfn = PFN + 5 };

	KUNIT_EXPECT_EQ(test, mmh_small_next(&w, &p), PFN + 8);
}

static void the_ration_of_ranges_cuts_the_walk(struct kunit *test)
{
	struct mmh_small_walk w = walk_from(0);

	w.ranges = 40;
	KUNIT_EXPECT_TRUE(test, mmh_small_goes_on(&w, 31));
	mmh_small_sent(&w, 32);
	KUNIT_EXPECT_TRUE(test, mmh_small_goes_on(&w, 7));
	KUNIT_EXPECT_FALSE(test, w.cut);
	KUNIT_EXPECT_FALSE(test, mmh_small_goes_on(&w, 8));
	KUNIT_EXPECT_TRUE(test, w.cut);
	mmh_small_sent(&w, 8);
	KUNIT_EXPECT_FALSE(test, mmh_small_goes_on(&w, 0));
}

static void the_ration_of_places_cuts_the_walk(struct kunit *test)
{
	struct mmh_small_walk w = walk_from(0);
	struct mmh_small_place p = free_at(PFN, 4);

	w.places = 2;
	mmh_small_next(&w, &p);
	KUNIT_EXPECT_TRUE(test, mmh_small_goes_on(&w, 0));
	mmh_small_next(&w, &p);
	KUNIT_EXPECT_FALSE(test, mmh_small_goes_on(&w, 0));
	KUNIT_EXPECT_TRUE(test, w.cut);
}

/* Memory of blocks of all orders, in use and free: the walk meets each that is due once. */
static void every_block_is_met_once(struct kunit *test)
{
	static const unsigned int orders[] = { 8, 4, 4, 5, 6, 2, 2, 3, 4, 5, 0, 0, 1, 2, 3, 4, 5 };
	struct mmh_small_walk w = walk_from(1);
	unsigned int met = 0, due = 0, i;
	unsigned long first[ARRAY_SIZE(orders)], pfn;

	for (i = 0, pfn = PFN; i < ARRAY_SIZE(orders); pfn += 1UL << orders[i++]) {
		first[i] = pfn;
		due += !(i % 2) && orders[i] >= 1;
	}
	KUNIT_ASSERT_LE(test, pfn, PFN + PAGES);
	for (pfn = PFN; pfn < PFN + PAGES;) {
		struct mmh_small_place p = { .pfn = pfn };

		for (i = 0; i < ARRAY_SIZE(orders); i += 2)
			if (first[i] == pfn)
				p = free_at(pfn, orders[i]);
		met += mmh_small_is_due(&w, &p);
		pfn = mmh_small_next(&w, &p);
	}
	KUNIT_EXPECT_EQ(test, met, due);
}

static struct kunit_case small_walk_cases[] = {
	KUNIT_CASE(small_blocks_are_due),
	KUNIT_CASE(reported_blocks_are_not_due),
	KUNIT_CASE(pages_in_use_are_not_due),
	KUNIT_CASE(a_block_is_skipped_as_a_whole),
	KUNIT_CASE(pages_in_use_are_skipped_by_the_lowest_order),
	KUNIT_CASE(a_place_in_between_leads_to_a_multiple),
	KUNIT_CASE(the_ration_of_ranges_cuts_the_walk),
	KUNIT_CASE(the_ration_of_places_cuts_the_walk),
	KUNIT_CASE(every_block_is_met_once),
	{}
};

static struct kunit_suite small_walk_suite = {
	.name = "mm_hooks_small_walk",
	.test_cases = small_walk_cases,
};

kunit_test_suite(small_walk_suite);

MODULE_LICENSE("GPL");
MODULE_DESCRIPTION("Tests of the walk for small blocks");
