// SPDX-License-Identifier: GPL-2.0-only
/* How long to wait after failures. */
#include <kunit/test.h>
#include <linux/errno.h>
#include <linux/limits.h>
#include <linux/module.h>

#include "../backoff.c"

static unsigned int after(unsigned int before, int ret, unsigned int pages)
{
	const struct br_run run = { .ret = ret, .pages = pages };

	return br_size_failures(before, &run);
}

static void a_few_pages_do_not_end_the_backoff(struct kunit *test)
{
	KUNIT_EXPECT_EQ(test, after(0, -ENOMEM, 0), 1U);
	KUNIT_EXPECT_EQ(test, after(3, -ENOMEM, 0), 4U);
	KUNIT_EXPECT_EQ(test, after(3, -ENOMEM, 255), 4U);
	KUNIT_EXPECT_EQ(test, after(3, -EBUSY, 0), 4U);
	KUNIT_EXPECT_EQ(test, after(3, 1, 1), 3U);
	KUNIT_EXPECT_EQ(test, after(3, 255, 255), 3U);
	KUNIT_EXPECT_EQ(test, after(BR_FAILURES_MAX, -ENOMEM, 0), BR_FAILURES_MAX);
	KUNIT_EXPECT_EQ(test, br_backoff_ms(BR_FAILURES_MAX), 30000U);
}

static void a_chunk_and_the_target_end_the_backoff(struct kunit *test)
{
	KUNIT_EXPECT_EQ(test, after(3, 256, 256), 0U);
	KUNIT_EXPECT_EQ(test, after(3, 0, 0), 0U);
	KUNIT_EXPECT_EQ(test, after(3, -ENOMEM, 256), 1U);
}

static unsigned int reclaimed(unsigned int before, int ret, unsigned int pages)
{
	const struct br_run run = { .ret = ret, .pages = pages, .reclaims = true };

	return br_size_failures(before, &run);
}

static void reclaim_of_a_few_pages_does_not_end_the_backoff(struct kunit *test)
{
	KUNIT_EXPECT_EQ(test, reclaimed(3, 256, 256), 3U);
	KUNIT_EXPECT_EQ(test, reclaimed(3, 256, BR_RECLAIM_PROGRESS - 1), 3U);
	KUNIT_EXPECT_EQ(test, reclaimed(3, 256, BR_RECLAIM_PROGRESS), 0U);
	KUNIT_EXPECT_EQ(test, reclaimed(3, 1, BR_RECLAIM_PROGRESS), 0U);
	KUNIT_EXPECT_EQ(test, reclaimed(3, 0, 256), 0U);
}

static void reclaim_without_progress_waits_longer(struct kunit *test)
{
	KUNIT_EXPECT_EQ(test, reclaimed(0, -ENOMEM, 0), 1U);
	KUNIT_EXPECT_EQ(test, reclaimed(1, -ENOMEM, 0), BR_RECLAIM_FAILURES);
	KUNIT_EXPECT_EQ(test, reclaimed(1, -ENOMEM, 3 * 256), BR_RECLAIM_FAILURES);
	KUNIT_EXPECT_EQ(test, reclaimed(BR_RECLAIM_FAILURES, -ENOMEM, 256),
			BR_RECLAIM_FAILURES + 1);
	KUNIT_EXPECT_EQ(test, reclaimed(7, -ENOMEM, BR_RECLAIM_PROGRESS), 1U);
	KUNIT_EXPECT_EQ(test, br_backoff_ms(BR_RECLAIM_FAILURES), 6400U);
}

static void reclaim_must_be_worth_the_reserve(struct kunit *test)
{
	struct br_run run = {
		.ret = -ENOMEM,
		.pages = 2 * BR_RECLAIM_PROGRESS - 1,
		.reclaims = true,
		.reserve = 2 * BR_RECLAIM_PROGRESS * BR_RECLAIM_SHARE,
	};

	KUNIT_EXPECT_EQ(test, br_size_failures(1, &run), BR_RECLAIM_FAILURES);
	run.pages++;
	KUNIT_EXPECT_EQ(test, br_size_failures(1, &run), 1U);
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

static void failures_of_a_device_add_up(struct kunit *test)
{
	KUNIT_EXPECT_EQ(test, br_restart_failures(0, 0), 1U);
	KUNIT_EXPECT_EQ(test, br_restart_failures(1, 200), 2U);
	KUNIT_EXPECT_EQ(test, br_restart_failures(7, BR_BACKOFF_MAX_MS - 1), 8U);
}

static void a_long_uptime_begins_a_new_row(struct kunit *test)
{
	KUNIT_EXPECT_EQ(test, br_restart_failures(7, BR_BACKOFF_MAX_MS), 1U);
	KUNIT_EXPECT_EQ(test, br_restart_failures(0, U32_MAX), 1U);
}

static struct kunit_case backoff_cases[] = {
	KUNIT_CASE(a_few_pages_do_not_end_the_backoff),
	KUNIT_CASE(a_chunk_and_the_target_end_the_backoff),
	KUNIT_CASE(reclaim_of_a_few_pages_does_not_end_the_backoff),
	KUNIT_CASE(reclaim_without_progress_waits_longer),
	KUNIT_CASE(reclaim_must_be_worth_the_reserve),
	KUNIT_CASE(backoff_doubles_up_to_a_bound),
	KUNIT_CASE(failures_of_a_device_add_up),
	KUNIT_CASE(a_long_uptime_begins_a_new_row),
	{}
};

static struct kunit_suite backoff_suite = {
	.name = "balloon_report_backoff",
	.test_cases = backoff_cases,
};

kunit_test_suite(backoff_suite);

MODULE_DESCRIPTION("KUnit tests of the waits after failures");
MODULE_LICENSE("GPL");
