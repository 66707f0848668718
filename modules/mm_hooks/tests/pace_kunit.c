// SPDX-License-Identifier: GPL-2.0-only
/* When to let a reporting pass run: what is calm, and what is not. */
#include <kunit/test.h>
#include <linux/module.h>

#include "pace_guest.h"

static void quiet_guest_waits_for_the_delay_only(struct kunit *test)
{
	struct mmh_pace p = start(GIB);

	KUNIT_EXPECT_EQ(test, request(&p, DELAY, 2000, GIB), DELAY);
	KUNIT_EXPECT_EQ(test, check(&p, DELAY, 2100, GIB), 0U);
}

static void growing_memory_is_no_reason_to_wait(struct kunit *test)
{
	struct mmh_pace p = start(GIB);

	request(&p, DELAY, 2000, GIB);
	KUNIT_EXPECT_EQ(test, check(&p, DELAY, 2100, 2 * GIB), 0U);
}

static void memory_freed_just_now_waits_its_delay(struct kunit *test)
{
	struct mmh_pace p = start(GIB);

	p.reported_free = GIB;
	request(&p, DELAY, 2000, GIB + MIB);
	KUNIT_EXPECT_EQ(test, check(&p, DELAY, 2100, GIB + 256 * MIB),
			DELAY);
	KUNIT_EXPECT_EQ(test, check(&p, DELAY, 2200, GIB + 300 * MIB), 0U);
}

/* A pass that began at 2100 has its last report at @now. */
static struct mmh_pace pass_until(u64 now)
{
	struct mmh_pace p = start(GIB);

	request(&p, DELAY, 2000, GIB);
	check(&p, DELAY, 2100, GIB);
	report(&p, now, GIB, 256 * MIB);
	return p;
}

static void leftover_follows_after_a_gap(struct kunit *test)
{
	struct mmh_pace p = pass_until(2110);

	KUNIT_EXPECT_EQ(test, request(&p, DELAY, 2120, GIB),
			(unsigned int)PACE_GAP_MS);
	KUNIT_EXPECT_EQ(test, check(&p, DELAY, 2130, GIB), 0U);
}

static void leftover_of_a_long_pass_follows_after_a_gap(struct kunit *test)
{
	struct mmh_pace p = pass_until(2400);

	KUNIT_EXPECT_EQ(test, request(&p, DELAY, 2410, GIB),
			(unsigned int)PACE_GAP_MS);
}

static void check_is_no_report(struct kunit *test)
{
	struct mmh_pace p = start(GIB);

	p.reported_free = GIB - 256 * MIB;
	request(&p, DELAY, 2000, GIB);
	report(&p, 2100, GIB, 2 * MIB);
	check(&p, DELAY, 2140, GIB - 100 * MIB);
	KUNIT_EXPECT_EQ(test, request(&p, DELAY, 2170, GIB - 100 * MIB), DELAY);
}

static void request_long_after_a_report_is_a_new_one(struct kunit *test)
{
	struct mmh_pace p = start(GIB);

	p.level = 2;
	p.level_ms = 2000;
	request(&p, DELAY, 2000, GIB);
	report(&p, 2110, GIB, 256 * MIB);
	KUNIT_EXPECT_EQ(test, request(&p, DELAY, 4600, GIB), DELAY);
	KUNIT_EXPECT_EQ(test, p.need, 4U);
}

static void pass_that_found_nothing_leaves_no_gap(struct kunit *test)
{
	struct mmh_pace p = start(GIB);

	request(&p, DELAY, 2000, GIB);
	check(&p, DELAY, 2100, GIB);
	KUNIT_EXPECT_EQ(test, request(&p, DELAY, 2120, GIB), DELAY);
}

static void gap_is_never_longer_than_the_delay(struct kunit *test)
{
	struct mmh_pace p = start(GIB);

	report(&p, 2000, GIB, MIB);
	KUNIT_EXPECT_EQ(test, request(&p, 5, 2001, GIB), 5U);
}

static void busy_guest_is_left_alone(struct kunit *test)
{
	struct mmh_pace p = start(GIB);

	/* 10 MiB in 100 ms: 256 MiB would last for 2.5 s. */
	p.reported_free = GIB - 256 * MIB;
	request(&p, DELAY, 2000, GIB);
	KUNIT_EXPECT_EQ(test, check(&p, DELAY, 2100, GIB - 10 * MIB),
			DELAY);
	KUNIT_EXPECT_EQ(test, p.idle, 0U);
}

/* 128 MiB, mapped and unmapped: the lists have most of it, and free memory stands still. */
static void loop_over_the_lists_is_no_calm(struct kunit *test)
{
	struct mmh_pace_memory m = { GIB, 64 * MIB };
	struct mmh_pace p = start(GIB);
	u64 now = 2000;

	p.reported_free = GIB - 52 * MIB;
	mmh_pace_request(&p, DELAY, now, &m);
	m.pcp -= 60 * MIB;
	KUNIT_EXPECT_EQ(test, mmh_pace_check(&p, DELAY, now += DELAY, &m), DELAY);
	KUNIT_EXPECT_EQ(test, p.idle, 0U);
	/* It was unmapped, and mapped again in part. */
	m.pcp += 27 * MIB;
	KUNIT_EXPECT_EQ(test, mmh_pace_check(&p, DELAY, now += DELAY, &m), DELAY);
	KUNIT_EXPECT_EQ(test, p.idle, 0U);
}

static void emptying_the_lists_takes_nothing(struct kunit *test)
{
	struct mmh_pace_memory m = { GIB, 64 * MIB };
	struct mmh_pace p = start(GIB);

	p.reported_free = GIB;
	mmh_pace_request(&p, DELAY, 2000, &m);
	m.free += m.pcp;
	m.pcp = 0;
	KUNIT_EXPECT_EQ(test, mmh_pace_check(&p, DELAY, 2100, &m), 0U);
}

/* Two loops of 128 MiB; one unmaps, and asks just before the check that is due. */
static void request_does_not_hide_how_young_memory_is(struct kunit *test)
{
	struct mmh_pace_memory m = { GIB - 112 * MIB, 1 * MIB };
	struct mmh_pace p = start(GIB);

	p.reported_free = GIB - 112 * MIB;
	mmh_pace_request(&p, DELAY, 2000, &m);
	m.pcp += 127 * MIB;
	mmh_pace_request(&p, DELAY, 2010, &m);
	m = (struct mmh_pace_memory){ GIB, 45 * MIB };
	KUNIT_EXPECT_EQ(test, mmh_pace_check(&p, DELAY, 2100, &m), DELAY);
}

static void memory_used_and_freed_between_checks_is_young(struct kunit *test)
{
	struct mmh_pace p = start(GIB);

	p.reported_free = GIB - 128 * MIB;
	request(&p, DELAY, 2000, GIB);
	request(&p, DELAY, 2070, GIB - 126 * MIB);
	KUNIT_EXPECT_EQ(test, check(&p, DELAY, 2170, GIB), DELAY);
	KUNIT_EXPECT_EQ(test, check(&p, DELAY, 2270, GIB), 0U);
}

static void request_does_not_hide_what_was_taken(struct kunit *test)
{
	struct mmh_pace p = start(GIB);

	p.reported_free = GIB - 256 * MIB;
	request(&p, DELAY, 2000, GIB);
	request(&p, DELAY, 2099, GIB - 10 * MIB);
	KUNIT_EXPECT_EQ(test, check(&p, DELAY, 2100, GIB - 10 * MIB), DELAY);
	KUNIT_EXPECT_TRUE(test, p.busy);
}

/* 128 MiB are mapped and unmapped once from check to check: each finds them free. */
static void loop_in_step_with_the_checks_is_no_calm(struct kunit *test)
{
	struct mmh_pace_memory m = { .free = GIB, .allocated = 7 * GIB };
	struct mmh_pace p;
	u64 now = 2000;

	mmh_pace_init(&p, 1000, &m);
	p.reported_free = GIB - 128 * MIB;
	mmh_pace_request(&p, DELAY, now, &m);
	for (now += DELAY; now < 2000 + PACE_DEFER_MS; now += DELAY) {
		m.allocated += 128 * MIB;
		KUNIT_ASSERT_EQ(test, mmh_pace_check(&p, DELAY, now, &m), DELAY);
	}
	m.allocated += 128 * MIB;
	KUNIT_EXPECT_EQ(test, mmh_pace_check(&p, DELAY, now, &m), 0U);
	KUNIT_EXPECT_FALSE(test, p.was_idle);
	KUNIT_EXPECT_EQ(test, p.deferred, PACE_DEFER_MS + 0U);
	/* It has ended, and what it left was free since the last check. */
	mmh_pace_request(&p, DELAY, now, &m);
	KUNIT_EXPECT_EQ(test, mmh_pace_check(&p, DELAY, now + DELAY, &m), 0U);
	KUNIT_EXPECT_TRUE(test, p.was_idle);
}

/* Of 128 MiB unreported, @used were allocated in @ms.  Return: may the pass go? */
static bool goes_beside(u64 used, u64 ms)
{
	struct mmh_pace_memory m = { .free = GIB, .allocated = 7 * GIB };
	struct mmh_pace p;

	mmh_pace_init(&p, 1000, &m);
	p.reported_free = GIB - 128 * MIB;
	mmh_pace_request(&p, DELAY, 2000, &m);
	/* A request in between does not start the count anew. */
	m.allocated += used;
	mmh_pace_request(&p, DELAY, 2000 + ms / 2, &m);
	mmh_pace_check(&p, DELAY, 2000 + ms, &m);
	return p.was_idle;
}

static void half_of_what_is_unreported_may_be_in_use(struct kunit *test)
{
	KUNIT_EXPECT_TRUE(test, goes_beside(64 * MIB, DELAY));
	KUNIT_EXPECT_FALSE(test, goes_beside(64 * MIB + PAGE_SIZE, DELAY));
	/* In a shorter time no more. */
	KUNIT_EXPECT_TRUE(test, goes_beside(64 * MIB, 10));
	KUNIT_EXPECT_FALSE(test, goes_beside(64 * MIB + PAGE_SIZE, 10));
	/* In a longer one what counts is what may be younger than the delay. */
	KUNIT_EXPECT_TRUE(test, goes_beside(30 * 64 * MIB, 30 * DELAY));
	KUNIT_EXPECT_FALSE(test, goes_beside(30 * 64 * MIB + PAGE_SIZE, 30 * DELAY));
}

/* Nothing is measured from before the machine was started, or another engine came. */
static void what_was_allocated_before_does_not_matter(struct kunit *test)
{
	struct mmh_pace_memory m = { .free = GIB, .allocated = 7 * GIB };
	struct mmh_pace p;

	mmh_pace_init(&p, 2000, &m);
	p.reported_free = GIB - 128 * MIB;
	KUNIT_EXPECT_EQ(test, mmh_pace_check(&p, DELAY, 2100, &m), 0U);
}

static void allocations_of_any_guest_do_not_matter(struct kunit *test)
{
	struct mmh_pace_memory m = { .free = GIB, .allocated = GIB };
	struct mmh_pace p;

	mmh_pace_init(&p, 1000, &m);
	p.reported_free = GIB - PACE_NOISE;
	mmh_pace_request(&p, DELAY, 2000, &m);
	m.allocated += PACE_NOISE;
	KUNIT_EXPECT_EQ(test, mmh_pace_check(&p, DELAY, 2100, &m), 0U);
	mmh_pace_request(&p, DELAY, 3000, &m);
	m.allocated += PACE_NOISE + PAGE_SIZE;
	KUNIT_EXPECT_EQ(test, mmh_pace_check(&p, DELAY, 3100, &m), DELAY);
	/* A sum that is older than the last one. */
	m.allocated -= 2 * PACE_NOISE;
	KUNIT_EXPECT_EQ(test, mmh_pace_check(&p, DELAY, 3200, &m), 0U);
	/* In a longer time more, in a shorter one as much. */
	mmh_pace_request(&p, DELAY, 4000, &m);
	m.allocated += 5 * PACE_NOISE;
	KUNIT_EXPECT_EQ(test, mmh_pace_check(&p, DELAY, 4500, &m), 0U);
	mmh_pace_request(&p, DELAY, 5000, &m);
	m.allocated += PACE_NOISE;
	KUNIT_EXPECT_EQ(test, mmh_pace_check(&p, DELAY, 5010, &m), 0U);
}

static void slow_use_of_much_memory_is_calm(struct kunit *test)
{
	struct mmh_pace p = start(4 * GIB);

	/* 2 MiB in 100 ms: 4 GiB last for 200 s. */
	request(&p, DELAY, 2000, 4 * GIB);
	KUNIT_EXPECT_EQ(test, check(&p, DELAY, 2100, 4 * GIB - 2 * MIB),
			0U);
}

static void horizon_is_exact(struct kunit *test)
{
	struct mmh_pace p = start(GIB);

	/* 1000 MiB free and unreported, PACE_HORIZON_MS is 10000. */
	p.reported_free = GIB - 1010 * MIB;
	request(&p, DELAY, 2000, GIB);
	KUNIT_EXPECT_EQ(test, check(&p, DELAY, 2100, GIB - 10 * MIB), 0U);

	p = start(GIB);
	p.reported_free = GIB - 1010 * MIB;
	request(&p, DELAY, 2000, GIB);
	KUNIT_EXPECT_EQ(test, check(&p, DELAY, 2100, GIB - 11 * MIB),
			DELAY);
}

static void a_few_pages_taken_are_calm(struct kunit *test)
{
	struct mmh_pace p = start(GIB);

	p.reported_free = GIB - 2 * MIB;
	request(&p, DELAY, 2000, GIB);
	KUNIT_EXPECT_EQ(test, check(&p, DELAY, 2100, GIB - PACE_NOISE),
			0U);

	p = start(GIB);
	p.reported_free = GIB - 2 * MIB;
	request(&p, DELAY, 2000, GIB);
	KUNIT_EXPECT_EQ(test, check(&p, DELAY, 2100, GIB - PACE_NOISE - 1),
			DELAY);

	/* In a longer time more, in a shorter one as much. */
	p = start(GIB);
	p.reported_free = GIB - 4 * MIB;
	request(&p, 200, 2000, GIB);
	KUNIT_EXPECT_EQ(test, check(&p, 200, 2200, GIB - 2 * PACE_NOISE),
			0U);
	p = start(GIB);
	p.reported_free = GIB - 2 * MIB;
	request(&p, 10, 2000, GIB);
	KUNIT_EXPECT_EQ(test, check(&p, 10, 2010, GIB - PACE_NOISE), 0U);
}

static void lists_in_use_do_not_rest(struct kunit *test)
{
	/* 90 MiB, PACE_PCP_MS is 2000: 4.5 MiB in 100 ms. */
	KUNIT_EXPECT_TRUE(test, mmh_pace_pcp_is_idle(0, 0, 90 * MIB));
	KUNIT_EXPECT_TRUE(test, mmh_pace_pcp_is_idle(9 * MIB / 2, 100, 90 * MIB));
	KUNIT_EXPECT_FALSE(test,
			   mmh_pace_pcp_is_idle(9 * MIB / 2 + 1, 100, 90 * MIB));
	/* Twice the time, twice as much. */
	KUNIT_EXPECT_TRUE(test, mmh_pace_pcp_is_idle(9 * MIB, 200, 90 * MIB));
	KUNIT_EXPECT_FALSE(test, mmh_pace_pcp_is_idle(9 * MIB + 1, 200, 90 * MIB));
	/* Small lists would be used up, but that little is noise. */
	KUNIT_EXPECT_TRUE(test, mmh_pace_pcp_is_idle(PACE_NOISE, 100, 8 * MIB));
	KUNIT_EXPECT_FALSE(test, mmh_pace_pcp_is_idle(PACE_NOISE + 1, 100, 8 * MIB));
	/* A long while is not forgotten, and nothing wraps. */
	KUNIT_EXPECT_FALSE(test, mmh_pace_pcp_is_idle(1ULL << 40, 3600000, GIB / 4));
}

static struct kunit_case pace_cases[] = {
	KUNIT_CASE(quiet_guest_waits_for_the_delay_only),
	KUNIT_CASE(growing_memory_is_no_reason_to_wait),
	KUNIT_CASE(memory_freed_just_now_waits_its_delay),
	KUNIT_CASE(leftover_follows_after_a_gap),
	KUNIT_CASE(leftover_of_a_long_pass_follows_after_a_gap),
	KUNIT_CASE(check_is_no_report),
	KUNIT_CASE(request_long_after_a_report_is_a_new_one),
	KUNIT_CASE(pass_that_found_nothing_leaves_no_gap),
	KUNIT_CASE(gap_is_never_longer_than_the_delay),
	KUNIT_CASE(busy_guest_is_left_alone),
	KUNIT_CASE(loop_over_the_lists_is_no_calm),
	KUNIT_CASE(emptying_the_lists_takes_nothing),
	KUNIT_CASE(request_does_not_hide_how_young_memory_is),
	KUNIT_CASE(memory_used_and_freed_between_checks_is_young),
	KUNIT_CASE(request_does_not_hide_what_was_taken),
	KUNIT_CASE(loop_in_step_with_the_checks_is_no_calm),
	KUNIT_CASE(half_of_what_is_unreported_may_be_in_use),
	KUNIT_CASE(what_was_allocated_before_does_not_matter),
	KUNIT_CASE(allocations_of_any_guest_do_not_matter),
	KUNIT_CASE(slow_use_of_much_memory_is_calm),
	KUNIT_CASE(horizon_is_exact),
	KUNIT_CASE(a_few_pages_taken_are_calm),
	KUNIT_CASE(lists_in_use_do_not_rest),
	{}
};

static struct kunit_suite pace_suite = {
	.name = "mm_hooks_pace",
	.test_cases = pace_cases,
};

kunit_test_suite(pace_suite);

MODULE_LICENSE("GPL");
MODULE_DESCRIPTION("Tests of when to let a reporting pass run");
