// SPDX-License-Identifier: GPL-2.0-only
/* What the size worker does next, and when it tries again. */
#include <kunit/test.h>
#include <linux/errno.h>
#include <linux/limits.h>
#include <linux/module.h>

#include "../target.c"

/* A guest of 100000 pages with a floor of 1000. */
static struct br_sizing sizing(unsigned int asked, unsigned int held,
			       u64 available)
{
	return (struct br_sizing){
		.asked = asked,
		.held = held,
		.most = U32_MAX,
		.available = available,
		.floor = 1000,
		.total = 100000,
		.inflate = true,
	};
}

static void expect(struct kunit *test, struct br_sizing s, enum br_step step,
		   unsigned int pages)
{
	struct br_next next = br_next_step(&s);

	KUNIT_EXPECT_EQ(test, next.step, step);
	KUNIT_EXPECT_EQ(test, next.pages, pages);
}

static void host_gets_what_it_asks_for(struct kunit *test)
{
	expect(test, sizing(1000, 0, 5000), BR_STEP_INFLATE, 1000);
	expect(test, sizing(1000, 990, 5000), BR_STEP_INFLATE, 10);
	expect(test, sizing(1000, 1000, 5000), BR_STEP_NONE, 0);
	expect(test, sizing(0, 1000, 5000), BR_STEP_DEFLATE, 1000);
}

static void above_the_floor_nothing_is_squeezed(struct kunit *test)
{
	expect(test, sizing(10000, 0, 5000), BR_STEP_INFLATE, 4000);
	expect(test, sizing(10000, 2000, 3000), BR_STEP_INFLATE, 2000);
	expect(test, sizing(4000, 0, 5000), BR_STEP_INFLATE, 4000);
	expect(test, sizing(10000, 700, 1256), BR_STEP_INFLATE, 256);
	expect(test, sizing(701, 700, 1001), BR_STEP_INFLATE, 1);
}

static void less_than_a_chunk_is_squeezed_for(struct kunit *test)
{
	expect(test, sizing(10000, 700, 1255), BR_STEP_SQUEEZE, 9300);
	expect(test, sizing(702, 700, 1001), BR_STEP_SQUEEZE, 2);
}

static void at_the_floor_the_guest_is_squeezed(struct kunit *test)
{
	expect(test, sizing(10000, 700, 1000), BR_STEP_SQUEEZE, 9300);
	expect(test, sizing(10000, 700, 999), BR_STEP_SQUEEZE, 9300);
	expect(test, sizing(10000, 700, 0), BR_STEP_SQUEEZE, 9300);
}

static void below_the_floor_deflation_still_works(struct kunit *test)
{
	expect(test, sizing(10, 700, 0), BR_STEP_DEFLATE, 690);
}

static void a_floor_of_most_memory_is_not_squeezed_for(struct kunit *test)
{
	struct br_sizing s = sizing(10000, 700, 900);

	s.total = 2000;
	expect(test, s, BR_STEP_SQUEEZE, 9300);
	s.total = 1999;
	expect(test, s, BR_STEP_STUCK, 0);
	s.available = 1900;
	expect(test, s, BR_STEP_INFLATE, 900);
}

static void a_rest_limits_inflation_only(struct kunit *test)
{
	struct br_sizing s = sizing(10000, 700, 5000);

	s.most = 700;
	expect(test, s, BR_STEP_REST, 0);
	s.most = 600;
	expect(test, s, BR_STEP_REST, 0);
	s.most = 750;
	expect(test, s, BR_STEP_INFLATE, 50);
	s.available = 0;
	expect(test, s, BR_STEP_SQUEEZE, 50);
	s.asked = 100;
	expect(test, s, BR_STEP_DEFLATE, 600);
	s.asked = 700;
	expect(test, s, BR_STEP_NONE, 0);
}

static void encrypted_guest_only_deflates(struct kunit *test)
{
	struct br_sizing s = sizing(1000, 300, 5000);

	s.inflate = false;
	expect(test, s, BR_STEP_NONE, 0);
	s.available = 0;
	expect(test, s, BR_STEP_NONE, 0);
	s.asked = 100;
	expect(test, s, BR_STEP_DEFLATE, 200);
}

static void nonsense_of_the_host_does_not_wrap(struct kunit *test)
{
	expect(test, sizing(U32_MAX, 0, 5000), BR_STEP_INFLATE, 4000);
	expect(test, sizing(U32_MAX, U32_MAX, 5000), BR_STEP_NONE, 0);
	expect(test, sizing(U32_MAX, 1, 1ULL << 40), BR_STEP_INFLATE,
	       U32_MAX - 1);
	expect(test, sizing(U32_MAX, 1, 0), BR_STEP_SQUEEZE, U32_MAX - 1);
}

static void floor_has_a_least_size(struct kunit *test)
{
	KUNIT_EXPECT_EQ(test, br_floor_pages(0, 0), 2048ULL);
	KUNIT_EXPECT_EQ(test, br_floor_pages(0, 131072), 2048ULL);
	KUNIT_EXPECT_EQ(test, br_floor_pages(0, 1048576), 8192ULL);
	KUNIT_EXPECT_EQ(test, br_floor_pages(0, 1ULL << 40), 16384ULL);
	KUNIT_EXPECT_EQ(test, br_floor_pages(16384, 1ULL << 40), 16384ULL);
	KUNIT_EXPECT_EQ(test, br_floor_pages(4096, 131072), 4096ULL);
	KUNIT_EXPECT_EQ(test, br_floor_pages(1ULL << 28, 131072), 1ULL << 28);
}

static unsigned int after(unsigned int before, int ret)
{
	const struct br_yield none = {};

	return br_failures(before, ret, &none);
}

static void a_few_pages_do_not_end_the_backoff(struct kunit *test)
{
	KUNIT_EXPECT_EQ(test, after(0, -ENOMEM), 1U);
	KUNIT_EXPECT_EQ(test, after(3, -ENOMEM), 4U);
	KUNIT_EXPECT_EQ(test, after(3, -EBUSY), 4U);
	KUNIT_EXPECT_EQ(test, after(3, 1), 3U);
	KUNIT_EXPECT_EQ(test, after(3, 255), 3U);
	KUNIT_EXPECT_EQ(test, after(3, 256), 0U);
	KUNIT_EXPECT_EQ(test, after(3, 0), 0U);
	KUNIT_EXPECT_EQ(test, after(BR_FAILURES_MAX, -ENOMEM),
			BR_FAILURES_MAX);
	KUNIT_EXPECT_EQ(test, br_backoff_ms(BR_FAILURES_MAX), 30000U);
}

static unsigned int squeezed(unsigned int before, int ret, unsigned int pages)
{
	const struct br_yield yield = { .tried = true, .pages = pages };

	return br_failures(before, ret, &yield);
}

static void a_squeeze_that_yields_little_does_not_end_the_backoff(struct kunit *test)
{
	KUNIT_EXPECT_EQ(test, squeezed(3, 256, 256), 3U);
	KUNIT_EXPECT_EQ(test, squeezed(3, 256, BR_SQUEEZE_WORTH - 1), 3U);
	KUNIT_EXPECT_EQ(test, squeezed(3, 256, BR_SQUEEZE_WORTH), 0U);
	KUNIT_EXPECT_EQ(test, squeezed(3, 1, BR_SQUEEZE_WORTH), 0U);
	KUNIT_EXPECT_EQ(test, squeezed(3, 0, 256), 0U);
}

static void a_squeeze_in_vain_waits_longer(struct kunit *test)
{
	KUNIT_EXPECT_EQ(test, squeezed(0, -ENOMEM, 0), 1U);
	KUNIT_EXPECT_EQ(test, squeezed(1, -ENOMEM, 0), BR_SQUEEZE_FAILURES);
	KUNIT_EXPECT_EQ(test, squeezed(BR_SQUEEZE_FAILURES, -ENOMEM, 256),
			BR_SQUEEZE_FAILURES + 1);
	KUNIT_EXPECT_EQ(test, squeezed(0, -ENOMEM, BR_SQUEEZE_WORTH), 1U);
	KUNIT_EXPECT_EQ(test, br_backoff_ms(BR_SQUEEZE_FAILURES), 6400U);
}

static void backoff_doubles_up_to_a_bound(struct kunit *test)
{
	unsigned int i, last = 0;

	KUNIT_EXPECT_EQ(test, br_backoff_ms(1), 200U);
	KUNIT_EXPECT_EQ(test, br_backoff_ms(2), 400U);
	KUNIT_EXPECT_EQ(test, br_backoff_ms(8), 25600U);
	for (i = 1; i < 100; i++) {
		unsigned int ms = br_backoff_ms(i);

		KUNIT_EXPECT_GE(test, ms, last);
		KUNIT_EXPECT_LE(test, ms, 30000U);
		last = ms;
	}
	KUNIT_EXPECT_EQ(test, br_backoff_ms(U32_MAX), 30000U);
}

static struct kunit_case target_cases[] = {
	KUNIT_CASE(host_gets_what_it_asks_for),
	KUNIT_CASE(above_the_floor_nothing_is_squeezed),
	KUNIT_CASE(less_than_a_chunk_is_squeezed_for),
	KUNIT_CASE(at_the_floor_the_guest_is_squeezed),
	KUNIT_CASE(below_the_floor_deflation_still_works),
	KUNIT_CASE(a_floor_of_most_memory_is_not_squeezed_for),
	KUNIT_CASE(a_rest_limits_inflation_only),
	KUNIT_CASE(encrypted_guest_only_deflates),
	KUNIT_CASE(nonsense_of_the_host_does_not_wrap),
	KUNIT_CASE(floor_has_a_least_size),
	KUNIT_CASE(a_few_pages_do_not_end_the_backoff),
	KUNIT_CASE(a_squeeze_that_yields_little_does_not_end_the_backoff),
	KUNIT_CASE(a_squeeze_in_vain_waits_longer),
	KUNIT_CASE(backoff_doubles_up_to_a_bound),
	{}
};

static struct kunit_suite target_suite = {
	.name = "balloon_report_target",
	.test_cases = target_cases,
};

kunit_test_suite(target_suite);

MODULE_DESCRIPTION("KUnit tests of the balloon's size decisions");
MODULE_LICENSE("GPL");
