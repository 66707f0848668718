// SPDX-License-Identifier: GPL-2.0-only
/* What the size worker does next. */
#include <kunit/test.h>
#include <linux/limits.h>
#include <linux/module.h>

#include "../target.c"

/* In pages. */
#define MIB(n) ((n) * 1ULL << (20 - PAGE_SHIFT))

/* A guest of 100000 pages with a floor of 1000. */
static struct br_sizing sizing(unsigned int num_pages,
			       unsigned int num_inflated, u64 available)
{
	return (struct br_sizing){
		.num_pages = num_pages,
		.num_inflated = num_inflated,
		.limit = U32_MAX,
		.available = available,
		.floor = 1000,
		.total = 100000,
		.may_inflate = true,
	};
}

static void expect(struct kunit *test, struct br_sizing s, enum br_step step,
		   unsigned int pages)
{
	struct br_next next = br_step_next(&s);

	KUNIT_EXPECT_EQ(test, next.step, step);
	KUNIT_EXPECT_EQ(test, next.pages, pages);
}

static void device_gets_the_size_it_asks_for(struct kunit *test)
{
	expect(test, sizing(1000, 0, 5000), BR_STEP_INFLATE, 1000);
	expect(test, sizing(1000, 990, 5000), BR_STEP_INFLATE, 10);
	expect(test, sizing(1000, 1000, 5000), BR_STEP_NONE, 0);
	expect(test, sizing(0, 1000, 5000), BR_STEP_DEFLATE, 1000);
}

static void above_the_floor_nothing_is_reclaimed(struct kunit *test)
{
	expect(test, sizing(10000, 0, 5000), BR_STEP_INFLATE, 4000);
	expect(test, sizing(10000, 2000, 3000), BR_STEP_INFLATE, 2000);
	expect(test, sizing(4000, 0, 5000), BR_STEP_INFLATE, 4000);
	expect(test, sizing(10000, 700, 1000 + BR_CHUNK_PAGES), BR_STEP_INFLATE,
	       BR_CHUNK_PAGES);
	expect(test, sizing(701, 700, 1001), BR_STEP_INFLATE, 1);
}

static void less_than_a_chunk_is_reclaimed(struct kunit *test)
{
	expect(test, sizing(10000, 700, 1000 + BR_CHUNK_PAGES - 1), BR_STEP_RECLAIM, 9300);
	expect(test, sizing(702, 700, 1001), BR_STEP_RECLAIM, 2);
}

static void at_the_floor_the_guest_reclaims(struct kunit *test)
{
	expect(test, sizing(10000, 700, 1000), BR_STEP_RECLAIM, 9300);
	expect(test, sizing(10000, 700, 999), BR_STEP_RECLAIM, 9300);
	expect(test, sizing(10000, 700, 0), BR_STEP_RECLAIM, 9300);
}

static void below_the_floor_deflation_still_works(struct kunit *test)
{
	expect(test, sizing(10, 700, 0), BR_STEP_DEFLATE, 690);
}

static void a_floor_of_most_memory_is_not_reclaimed(struct kunit *test)
{
	struct br_sizing s = sizing(10000, 700, 900);

	s.total = 2000;
	expect(test, s, BR_STEP_RECLAIM, 9300);
	s.total = 1999;
	expect(test, s, BR_STEP_FLOOR, 0);
	s.available = 1900;
	expect(test, s, BR_STEP_INFLATE, 900);
}

static void an_oom_limits_inflation_only(struct kunit *test)
{
	struct br_sizing s = sizing(10000, 700, 5000);

	s.limit = 700;
	expect(test, s, BR_STEP_OOM_LIMIT, 0);
	s.limit = 600;
	expect(test, s, BR_STEP_OOM_LIMIT, 0);
	s.limit = 750;
	expect(test, s, BR_STEP_INFLATE, 50);
	s.available = 0;
	expect(test, s, BR_STEP_RECLAIM, 50);
	s.num_pages = 100;
	expect(test, s, BR_STEP_DEFLATE, 600);
	s.num_pages = 700;
	expect(test, s, BR_STEP_NONE, 0);
}

static void encrypted_guest_only_deflates(struct kunit *test)
{
	struct br_sizing s = sizing(1000, 300, 5000);

	s.may_inflate = false;
	expect(test, s, BR_STEP_NONE, 0);
	s.available = 0;
	expect(test, s, BR_STEP_NONE, 0);
	s.num_pages = 100;
	expect(test, s, BR_STEP_DEFLATE, 200);
}

static void extreme_sizes_do_not_wrap(struct kunit *test)
{
	expect(test, sizing(U32_MAX, 0, 5000), BR_STEP_INFLATE, 4000);
	expect(test, sizing(U32_MAX, U32_MAX, 5000), BR_STEP_NONE, 0);
	expect(test, sizing(U32_MAX, 1, 1ULL << 40), BR_STEP_INFLATE,
	       U32_MAX - 1);
	expect(test, sizing(U32_MAX, 1, 0), BR_STEP_RECLAIM, U32_MAX - 1);
}

static void floor_has_a_minimum(struct kunit *test)
{
	KUNIT_EXPECT_EQ(test, br_floor_pages(0, 0), MIB(8));
	KUNIT_EXPECT_EQ(test, br_floor_pages(0, MIB(512)), MIB(8));
	KUNIT_EXPECT_EQ(test, br_floor_pages(0, MIB(4096)), MIB(32));
	KUNIT_EXPECT_EQ(test, br_floor_pages(0, 1ULL << 40), MIB(64));
	KUNIT_EXPECT_EQ(test, br_floor_pages(MIB(64), 1ULL << 40), MIB(64));
	KUNIT_EXPECT_EQ(test, br_floor_pages(MIB(16), MIB(512)), MIB(16));
	KUNIT_EXPECT_EQ(test, br_floor_pages(1ULL << 28, MIB(512)), 1ULL << 28);
}

static struct kunit_case target_cases[] = {
	KUNIT_CASE(device_gets_the_size_it_asks_for),
	KUNIT_CASE(above_the_floor_nothing_is_reclaimed),
	KUNIT_CASE(less_than_a_chunk_is_reclaimed),
	KUNIT_CASE(at_the_floor_the_guest_reclaims),
	KUNIT_CASE(below_the_floor_deflation_still_works),
	KUNIT_CASE(a_floor_of_most_memory_is_not_reclaimed),
	KUNIT_CASE(an_oom_limits_inflation_only),
	KUNIT_CASE(encrypted_guest_only_deflates),
	KUNIT_CASE(extreme_sizes_do_not_wrap),
	KUNIT_CASE(floor_has_a_minimum),
	{}
};

static struct kunit_suite target_suite = {
	.name = "balloon_report_target",
	.test_cases = target_cases,
};

kunit_test_suite(target_suite);

MODULE_DESCRIPTION("KUnit tests of the balloon's steps");
MODULE_LICENSE("GPL");
