// SPDX-License-Identifier: GPL-2.0-only
/* When a device that has failed is started again. */
#include <kunit/test.h>
#include <linux/limits.h>
#include <linux/module.h>

#include "../restart.h"

static void failures_in_a_row_add_up(struct kunit *test)
{
	KUNIT_EXPECT_EQ(test, br_restart_failures(0, 0), 1U);
	KUNIT_EXPECT_EQ(test, br_restart_failures(1, 200), 2U);
	KUNIT_EXPECT_EQ(test, br_restart_failures(7, BR_BACKOFF_MAX_MS - 1), 8U);
}

static void a_long_life_forgives(struct kunit *test)
{
	KUNIT_EXPECT_EQ(test, br_restart_failures(7, BR_BACKOFF_MAX_MS), 1U);
	KUNIT_EXPECT_EQ(test, br_restart_failures(0, U32_MAX), 1U);
}

static struct kunit_case restart_cases[] = {
	KUNIT_CASE(failures_in_a_row_add_up),
	KUNIT_CASE(a_long_life_forgives),
	{}
};

static struct kunit_suite restart_suite = {
	.name = "balloon_report_restart",
	.test_cases = restart_cases,
};

kunit_test_suite(restart_suite);

MODULE_DESCRIPTION("KUnit tests of the decision when a device starts again");
MODULE_LICENSE("GPL");
