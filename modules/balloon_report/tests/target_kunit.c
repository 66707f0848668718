// SPDX-License-Identifier: GPL-2.0-only
/* How large the balloon may be, and when to try again. */
#include <kunit/test.h>
#include <linux/limits.h>
#include <linux/module.h>

#include "../target.c"

static void host_gets_what_it_asks_for(struct kunit *test)
{
	KUNIT_EXPECT_EQ(test, br_target(1000, 0, 5000, 100, true), 1000U);
	KUNIT_EXPECT_EQ(test, br_target(1000, 1000, 5000, 100, true), 1000U);
	KUNIT_EXPECT_EQ(test, br_target(0, 1000, 5000, 100, true), 0U);
}

static void guest_keeps_its_floor(struct kunit *test)
{
	KUNIT_EXPECT_EQ(test, br_target(10000, 0, 5000, 100, true), 4900U);
	KUNIT_EXPECT_EQ(test, br_target(10000, 2000, 3000, 100, true), 4900U);
	KUNIT_EXPECT_EQ(test, br_target(4900, 0, 5000, 100, true), 4900U);
	KUNIT_EXPECT_EQ(test, br_target(4901, 0, 5000, 100, true), 4900U);
}

static void below_the_floor_nothing_moves(struct kunit *test)
{
	KUNIT_EXPECT_EQ(test, br_target(10000, 700, 99, 100, true), 700U);
	KUNIT_EXPECT_EQ(test, br_target(10000, 700, 100, 100, true), 700U);
	KUNIT_EXPECT_EQ(test, br_target(10000, 700, 101, 100, true), 701U);
	KUNIT_EXPECT_EQ(test, br_target(10000, 700, 0, 0, true), 700U);
}

static void below_the_floor_deflation_still_works(struct kunit *test)
{
	KUNIT_EXPECT_EQ(test, br_target(10, 700, 0, 100, true), 10U);
}

static void encrypted_guest_only_deflates(struct kunit *test)
{
	KUNIT_EXPECT_EQ(test, br_target(1000, 0, 5000, 100, false), 0U);
	KUNIT_EXPECT_EQ(test, br_target(1000, 300, 5000, 100, false), 300U);
	KUNIT_EXPECT_EQ(test, br_target(100, 300, 5000, 100, false), 100U);
}

static void nonsense_of_the_host_does_not_wrap(struct kunit *test)
{
	KUNIT_EXPECT_EQ(test, br_target(U32_MAX, 0, 5000, 100, true), 4900U);
	KUNIT_EXPECT_EQ(test, br_target(U32_MAX, U32_MAX, 5000, 100, true),
			U32_MAX);
	KUNIT_EXPECT_EQ(test, br_target(U32_MAX, 1, 1ULL << 40, 100, true),
			U32_MAX);
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
	KUNIT_CASE(guest_keeps_its_floor),
	KUNIT_CASE(below_the_floor_nothing_moves),
	KUNIT_CASE(below_the_floor_deflation_still_works),
	KUNIT_CASE(encrypted_guest_only_deflates),
	KUNIT_CASE(nonsense_of_the_host_does_not_wrap),
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
