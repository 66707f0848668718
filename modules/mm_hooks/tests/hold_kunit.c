// SPDX-License-Identifier: GPL-2.0-only
/* When to let a reporting pass run: in a busy guest, and after a failure. */
#include <kunit/test.h>
#include <linux/module.h>

#include "pace_guest.h"

static void hold_has_an_end(struct kunit *test)
{
	struct mmh_pace p = start(GIB);
	u64 free = GIB, now = 2000;

	p.reported_free = GIB - 256 * MIB;
	request(&p, DELAY, now, free);
	for (;;) {
		now += DELAY;
		free -= 10 * MIB;
		if (!check(&p, DELAY, now, free))
			break;
		KUNIT_ASSERT_LT(test, now, 10000ULL);
	}
	KUNIT_EXPECT_EQ(test, now, 2000ULL + PACE_DEFER_MS);
}

static void pass_after_a_hold_was_not_calm(struct kunit *test)
{
	struct mmh_pace p = start(GIB);
	u64 now = 2000, free = GIB;

	request(&p, DELAY, now, free);
	KUNIT_EXPECT_EQ(test, check(&p, DELAY, now + DELAY, free), 0U);
	KUNIT_EXPECT_TRUE(test, p.was_idle);
	KUNIT_EXPECT_EQ(test, p.deferred, 0U);
	now = 5000;
	p.reported_free = GIB - 256 * MIB;
	request(&p, DELAY, now, free);
	do {
		now += DELAY;
		free -= 10 * MIB;
		KUNIT_ASSERT_LT(test, now, 10000ULL);
	} while (check(&p, DELAY, now, free));
	KUNIT_EXPECT_FALSE(test, p.was_idle);
	KUNIT_EXPECT_EQ(test, p.deferred, (unsigned int)PACE_DEFER_MS);
}

/* At the level at which it is, a guest that takes 10 MiB all the time.  Return: when it goes. */
static u64 held_pass(struct mmh_pace *p, u64 now, u64 *free)
{
	p->reported_free = *free - 256 * MIB;
	request(p, DELAY, now, *free);
	do {
		now += DELAY;
		*free -= 10 * MIB;
	} while (check(p, DELAY, now, *free));
	return now;
}

static void request_in_a_hold_does_not_prolong_it(struct kunit *test)
{
	struct mmh_pace p = start(GIB);
	u64 now, free = GIB;

	p.reported_free = GIB - 256 * MIB;
	request(&p, DELAY, 2000, free);
	for (now = 2000 + DELAY; now < 2000 + PACE_DEFER_MS; now += DELAY) {
		free -= 10 * MIB;
		KUNIT_EXPECT_NE(test, check(&p, DELAY, now, free), 0U);
		request(&p, DELAY, now + 50, free);
	}
	KUNIT_EXPECT_EQ(test, check(&p, DELAY, now, free - 10 * MIB), 0U);
}

static void what_a_held_pass_left_is_held_for_half_as_long(struct kunit *test)
{
	struct mmh_pace p = start(GIB);
	u64 free = GIB;
	u64 now = held_pass(&p, 2000, &free);

	KUNIT_EXPECT_EQ(test, held_pass(&p, now, &free) - now,
			PACE_DEFER_MS / 2 + 0ULL);
	KUNIT_EXPECT_EQ(test, p.deferred, (unsigned int)PACE_DEFER_MS);
}

static void held_pass_that_goes_on_is_not_calm_at_once(struct kunit *test)
{
	struct mmh_pace p = start(GIB);
	u64 now, free = GIB;

	p.level = 1;
	p.level_ms = 2000;
	now = held_pass(&p, 2000, &free);
	report(&p, now, free, 2 * MIB);
	request(&p, DELAY, now + 10, free);
	KUNIT_EXPECT_EQ(test, check(&p, DELAY, now + 20, free), 0U);
	KUNIT_EXPECT_FALSE(test, p.was_idle);
	KUNIT_EXPECT_EQ(test, p.deferred, PACE_DEFER_MS * 2U);
	/* It found nothing: from now on the guest is calm, and that is enough. */
	request(&p, DELAY, now + 30, free);
	KUNIT_EXPECT_EQ(test, check(&p, DELAY, now + 130, free), DELAY + 0U);
	KUNIT_EXPECT_EQ(test, check(&p, DELAY, now + 230, free), 0U);
	KUNIT_EXPECT_TRUE(test, p.was_idle);
}

static void young_memory_is_no_busy_guest(struct kunit *test)
{
	struct mmh_pace p = start(GIB);

	p.reported_free = GIB;
	request(&p, 5000, 2000, GIB);
	KUNIT_EXPECT_EQ(test, check(&p, 5000, 7000, GIB + 64 * MIB), 0U);
	KUNIT_EXPECT_FALSE(test, p.was_idle);
	KUNIT_EXPECT_EQ(test, p.deferred, 0U);
}

static void lists_that_were_emptied_in_a_pass_are_no_drop(struct kunit *test)
{
	struct mmh_pace_memory m = { GIB, 100 * MIB };
	struct mmh_pace p = start(GIB);

	mmh_pace_request(&p, DELAY, 2000, &m);
	m = (struct mmh_pace_memory){ GIB + 100 * MIB };
	report(&p, 2050, m.free, 2 * MIB);
	KUNIT_EXPECT_EQ(test, mmh_pace_check(&p, DELAY, 2100, &m), 0U);
	KUNIT_EXPECT_TRUE(test, p.was_idle);
}

static void report_does_not_hide_what_was_taken(struct kunit *test)
{
	struct mmh_pace p = start(GIB);

	/* As in busy_guest_is_left_alone(), and a chain is back just before the check. */
	p.reported_free = GIB - 256 * MIB;
	request(&p, DELAY, 2000, GIB);
	report(&p, 2099, GIB - 10 * MIB, 2 * MIB);
	KUNIT_EXPECT_EQ(test, check(&p, DELAY, 2100, GIB - 10 * MIB), DELAY);
}

static void failed_report_begins_the_measure_anew(struct kunit *test)
{
	struct mmh_pace_memory m = { .free = GIB, .allocated = 7 * GIB };
	struct mmh_pace p = start(GIB);

	p.reported_free = GIB - 300 * MIB;
	request(&p, DELAY, 2000, GIB);
	KUNIT_EXPECT_EQ(test, check(&p, DELAY, 2100, GIB), 0U);
	fail(&p, 12000, GIB);
	/* 100 MiB in a second are much, in the eleven since that check they were not. */
	KUNIT_EXPECT_EQ(test, check(&p, DELAY, 13000, GIB - 100 * MIB), 0U);
	KUNIT_EXPECT_FALSE(test, p.was_idle);
	KUNIT_EXPECT_EQ(test, p.deferred, PACE_DEFER_MS + 0U);
	/* Nor does what was allocated before matter. */
	mmh_pace_failed(&p, 14000, &m);
	KUNIT_EXPECT_EQ(test, mmh_pace_check(&p, DELAY, 14100, &m), 0U);
	KUNIT_EXPECT_TRUE(test, p.was_idle);
}

static void hold_is_no_shorter_than_the_delay(struct kunit *test)
{
	struct mmh_pace p = start(GIB);

	p.reported_free = GIB - 160 * MIB;
	KUNIT_EXPECT_EQ(test, request(&p, 9000, 2000, GIB), 9000U);
	KUNIT_EXPECT_EQ(test, check(&p, 9000, 10999, GIB - 100 * MIB),
			9000U);
	KUNIT_EXPECT_EQ(test, check(&p, 9000, 11000, GIB - 160 * MIB), 0U);
}

static void failures_double_the_wait_up_to_a_bound(struct kunit *test)
{
	struct mmh_pace p = start(GIB);
	unsigned int i, wait = PACE_RETRY_MS;

	for (i = 0; i < 5; i++, wait *= 2) {
		mmh_pace_run(&p);
		KUNIT_EXPECT_EQ(test, fail(&p, 1000, GIB), wait);
	}
	for (i = 0; i < 10; i++) {
		KUNIT_ASSERT_EQ(test, check(&p, DELAY, 1000, GIB), 0U);
		KUNIT_EXPECT_EQ(test, fail(&p, 1000, GIB),
				PACE_RETRY_MAX_MS + 0U);
	}
	KUNIT_EXPECT_EQ(test, request(&p, DELAY, 2000, GIB),
			PACE_RETRY_MAX_MS + 0U);
	report(&p, 3000, GIB, MIB);
	p.run_bytes = 0;
	KUNIT_EXPECT_EQ(test, request(&p, DELAY, 4000, GIB), DELAY);
}

static void chains_that_fail_together_are_one_failure(struct kunit *test)
{
	struct mmh_pace p = start(GIB);
	unsigned int i;

	for (i = 0; i < 8; i++)
		KUNIT_EXPECT_EQ(test, fail(&p, 1000, GIB), PACE_RETRY_MS + 0U);
	/* One that went well in between, and the last one failed. */
	report(&p, 1000, GIB, MIB);
	KUNIT_EXPECT_EQ(test, fail(&p, 1000, GIB), PACE_RETRY_MS + 0U);
	/* The next pass fails, too. */
	KUNIT_ASSERT_EQ(test, check(&p, DELAY, 2000, GIB), 0U);
	for (i = 0; i < 8; i++)
		KUNIT_EXPECT_EQ(test, fail(&p, 2000, GIB), PACE_RETRY_MS * 2U);
}

static struct kunit_case hold_cases[] = {
	KUNIT_CASE(hold_has_an_end),
	KUNIT_CASE(pass_after_a_hold_was_not_calm),
	KUNIT_CASE(request_in_a_hold_does_not_prolong_it),
	KUNIT_CASE(what_a_held_pass_left_is_held_for_half_as_long),
	KUNIT_CASE(held_pass_that_goes_on_is_not_calm_at_once),
	KUNIT_CASE(young_memory_is_no_busy_guest),
	KUNIT_CASE(lists_that_were_emptied_in_a_pass_are_no_drop),
	KUNIT_CASE(report_does_not_hide_what_was_taken),
	KUNIT_CASE(failed_report_begins_the_measure_anew),
	KUNIT_CASE(hold_is_no_shorter_than_the_delay),
	KUNIT_CASE(failures_double_the_wait_up_to_a_bound),
	KUNIT_CASE(chains_that_fail_together_are_one_failure),
	{}
};

static struct kunit_suite hold_suite = {
	.name = "mm_hooks_hold",
	.test_cases = hold_cases,
};

kunit_test_suite(hold_suite);

MODULE_LICENSE("GPL");
MODULE_DESCRIPTION("Tests of how long a reporting pass is held");
