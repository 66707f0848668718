// SPDX-License-Identifier: GPL-2.0-only
/* How far reporting backs off: what was reported and is taken again. */
#include <kunit/test.h>
#include <linux/module.h>

#include "pace_guest.h"

static void taken_memory_is_counted(struct kunit *test)
{
	struct mmh_pace p = start(GIB);

	report(&p, 2000, GIB, GIB);
	KUNIT_EXPECT_EQ(test, p.reported_free, GIB);
	request(&p, DELAY, 2100, GIB - 300 * MIB);
	KUNIT_EXPECT_EQ(test, p.reused, 300 * MIB);
	KUNIT_EXPECT_EQ(test, p.reported_free, GIB - 300 * MIB);
}

static void taken_between_samples_is_counted_at_the_report(struct kunit *test)
{
	struct mmh_pace p = start(GIB);

	report(&p, 2000, GIB, GIB);
	/* 100 MiB were used and freed again, between two checks. */
	report(&p, 2100, GIB, 100 * MIB);
	KUNIT_EXPECT_EQ(test, p.reused, 100 * MIB);
	KUNIT_EXPECT_EQ(test, p.reported_free, GIB);
}

static void a_small_block_that_is_reported_twice_is_not_reused(struct kunit *test)
{
	struct mmh_pace p = start(GIB);

	report(&p, 2000, GIB, GIB - 64 * MIB);
	report_small(&p, 2100, GIB, 64 * MIB);
	/* Split or merged, the kernel takes 16 MiB of them for unreported. */
	report_small(&p, 2200, GIB, 16 * MIB);
	KUNIT_EXPECT_EQ(test, p.reused, 0ULL);
	/* Merged to large blocks, they are reported again. */
	report(&p, 2300, GIB, 60 * MIB);
	KUNIT_EXPECT_EQ(test, p.reused, 0ULL);
	KUNIT_EXPECT_EQ(test, p.level, 0U);
	/* No more than 4 MiB of small blocks are left. */
	report(&p, 2400, GIB, 20 * MIB);
	KUNIT_EXPECT_EQ(test, p.reused, 16 * MIB);
	KUNIT_EXPECT_EQ(test, p.reported_free, GIB);
}

static void small_blocks_in_use_are_reused(struct kunit *test)
{
	struct mmh_pace p = start(GIB);

	report(&p, 2000, GIB, GIB - 64 * MIB);
	report_small(&p, 2100, GIB, 64 * MIB);
	request(&p, DELAY, 2200, GIB - 64 * MIB);
	KUNIT_EXPECT_EQ(test, p.reused, 64 * MIB);
	/* Large blocks that were used and freed meanwhile. */
	report(&p, 2300, GIB - 64 * MIB, 32 * MIB);
	KUNIT_EXPECT_EQ(test, p.reused, 96 * MIB);
}

static void an_observation_counts_what_was_taken(struct kunit *test)
{
	struct mmh_pace p = start(GIB);

	report(&p, 2000, GIB, GIB - 100 * MIB);
	KUNIT_EXPECT_EQ(test, observe(&p, 2100, GIB), 100 * MIB);
	KUNIT_EXPECT_EQ(test, observe(&p, 2200, GIB - 300 * MIB), 0);
	KUNIT_EXPECT_EQ(test, p.reused, 200 * MIB);
	/* Free again, it is unreported. */
	KUNIT_EXPECT_EQ(test, observe(&p, 2300, GIB), 300 * MIB);
}

static void pages_in_the_pcplists_are_not_reused(struct kunit *test)
{
	struct mmh_pace p = start(GIB);
	struct mmh_pace_memory m = { .free = GIB - 8 * MIB, .pcp = 8 * MIB };

	report(&p, 2000, GIB, GIB);
	KUNIT_EXPECT_EQ(test, mmh_pace_observe(&p, 2100, &m), 0ULL);
	KUNIT_EXPECT_EQ(test, p.reused, 0ULL);
	/* They are used, and as many follow. */
	m.free -= 8 * MIB;
	mmh_pace_observe(&p, 2200, &m);
	KUNIT_EXPECT_EQ(test, p.reused, 8 * MIB);
	/* The lists return them, and no report has them. */
	m.free += 8 * MIB;
	m.pcp = 0;
	KUNIT_EXPECT_EQ(test, mmh_pace_observe(&p, 2300, &m), 8 * MIB);
}

static void known_never_exceeds_free(struct kunit *test)
{
	struct mmh_pace p = start(GIB);
	u64 seed = 1, now = 2000;
	int i;

	for (i = 0; i < 10000; i++) {
		u64 free;

		seed = seed * 6364136223846793005ULL + 1442695040888963407ULL;
		free = (seed >> 20) % GIB;
		now += (seed >> 50) % 300;
		switch (seed >> 62) {
		case 0:
			request(&p, DELAY, now, free);
			break;
		case 1:
			check(&p, DELAY, now, free);
			break;
		default:
			mmh_pace_reported(&p, now, free, (seed >> 33) % GIB,
					  seed >> 32 & 1);
		}
		KUNIT_ASSERT_LE(test, p.reported_free, free);
		KUNIT_ASSERT_LE(test, p.small_free, p.reported_free);
		KUNIT_ASSERT_LE(test, p.mistakes, p.window);
		KUNIT_ASSERT_LE(test, p.level, (unsigned int)PACE_LEVEL_MAX);
	}
}

/* Of what was reported at 2000 all is found to be taken at @now. */
static struct mmh_pace taken_at(u64 now)
{
	struct mmh_pace p = start(GIB);

	report(&p, 2000, GIB, 256 * MIB);
	p.reported_free = GIB;
	request(&p, DELAY, now, GIB - 256 * MIB);
	return p;
}

static void memory_taken_soon_raises_the_level(struct kunit *test)
{
	struct mmh_pace p = taken_at(2500);

	KUNIT_EXPECT_EQ(test, p.level, 1U);
}

static void memory_taken_late_is_no_mistake(struct kunit *test)
{
	struct mmh_pace p = taken_at(400000);

	KUNIT_EXPECT_EQ(test, p.level, 0U);
	KUNIT_EXPECT_EQ(test, p.reused, 256 * MIB);
}

static void few_bytes_are_noise(struct kunit *test)
{
	struct mmh_pace p = start(GIB);

	report(&p, 2000, GIB, PACE_MISTAKE_MIN - 1);
	p.reported_free = GIB;
	request(&p, DELAY, 2100, GIB - 64 * MIB);
	KUNIT_EXPECT_EQ(test, p.level, 0U);
}

static void level_has_a_top_and_is_forgiven(struct kunit *test)
{
	struct mmh_pace p = start(GIB);
	u64 now = 2000;
	int i;

	for (i = 0; i < 10; i++, now += 200) {
		report(&p, now, GIB, 256 * MIB);
		p.reported_free = GIB;
		check(&p, DELAY, now + 100, GIB - 256 * MIB);
	}
	KUNIT_EXPECT_EQ(test, p.level, (unsigned int)PACE_LEVEL_MAX);
	request(&p, DELAY, now + PACE_FORGIVE_MS, GIB);
	KUNIT_EXPECT_EQ(test, p.level, (unsigned int)PACE_LEVEL_MAX - 1);
	request(&p, DELAY, now + 10 * PACE_FORGIVE_MS, GIB);
	KUNIT_EXPECT_EQ(test, p.level, 0U);
}

static void level_asks_for_more_calm(struct kunit *test)
{
	struct mmh_pace p = start(GIB);
	unsigned int checks = 1;
	u64 now = 2000;

	p.level = 2;
	p.level_ms = now;
	request(&p, DELAY, now, GIB);
	while (check(&p, DELAY, now += DELAY, GIB))
		checks++;
	KUNIT_EXPECT_EQ(test, checks, 4U);
}

/* At level 3 a pass has gone because the guest was calm.  Return: when. */
static u64 calm_pass(struct mmh_pace *p)
{
	u64 now = 2000;

	p->level = 3;
	p->level_ms = now;
	request(p, DELAY, now, GIB);
	while (check(p, DELAY, now += DELAY, GIB))
		;
	return now;
}

static void rest_of_a_calm_pass_needs_one_check(struct kunit *test)
{
	struct mmh_pace p = start(GIB);
	u64 now = calm_pass(&p);

	report(&p, now, GIB, GIB);
	now += 500;
	request(&p, DELAY, now, GIB + 64 * MIB);
	KUNIT_EXPECT_EQ(test, p.need, 1U);
	KUNIT_EXPECT_EQ(test,
			check(&p, DELAY, now + DELAY, GIB + 64 * MIB), 0U);
}

static void taken_after_a_calm_pass_asks_for_all_checks(struct kunit *test)
{
	struct mmh_pace p = start(GIB);
	u64 now = calm_pass(&p);

	report(&p, now, GIB, GIB);
	request(&p, DELAY, now + 500, GIB - PACE_MISTAKE_MIN + 4096);
	KUNIT_EXPECT_EQ(test, p.need, 1U);
	request(&p, DELAY, now + 600, GIB - PACE_MISTAKE_MIN);
	KUNIT_EXPECT_EQ(test, p.need, 8U);
}

static void calm_of_long_ago_asks_for_all_checks(struct kunit *test)
{
	struct mmh_pace p = start(GIB);
	u64 now = calm_pass(&p);

	request(&p, DELAY, now + PACE_IDLE_MS - 1, GIB);
	KUNIT_EXPECT_EQ(test, p.need, 1U);
	request(&p, DELAY, now + PACE_IDLE_MS, GIB);
	KUNIT_EXPECT_EQ(test, p.need, 8U);
}

/* What docs/design.md promises after a churn: eight calm checks at the most. */
static void quiet_after_churn_is_seen_within_eight_checks(struct kunit *test)
{
	struct mmh_pace p = start(2 * GIB);
	u64 now = 2000, quiet;
	u64 free = 2 * GIB;
	int i;

	for (i = 0; i < 200; i++, now += DELAY) {
		free = i & 1 ? 2 * GIB : 2 * GIB - 256 * MIB;
		if (!check(&p, DELAY, now, free))
			report(&p, now, free, free - p.reported_free);
	}
	quiet = now;
	request(&p, DELAY, now, 2 * GIB);
	while (check(&p, DELAY, now += DELAY, 2 * GIB))
		;
	KUNIT_EXPECT_LE(test, now - quiet, 8ULL * DELAY);
}

static void churn_gets_few_passes(struct kunit *test)
{
	struct mmh_pace p = start(2 * GIB);
	unsigned int passes = 0;
	u64 now = 2000, free;
	int i;

	report(&p, now, 2 * GIB, 2 * GIB);
	/* 30 s of 2.5 s cycles that use 256 MiB step by step. */
	request(&p, DELAY, now, 2 * GIB);
	for (i = 1; i < 300; i++) {
		now += DELAY;
		free = 2 * GIB - (i % 25) * 10 * MIB;
		if (!check(&p, DELAY, now, free)) {
			passes++;
			report(&p, now, free, free - p.reported_free);
			request(&p, DELAY, now + 1, free);
		}
	}
	KUNIT_EXPECT_LE(test, passes, 6U);
}

/* A driver took 600 MiB, gave them back, and a pass found them discarded. */
static void memory_of_a_driver_is_not_taken(struct kunit *test)
{
	struct mmh_pace p = start(GIB);

	report(&p, 2000, GIB, GIB);
	/* While it has them they count as free. */
	check(&p, DELAY, 2500, GIB);
	mmh_pace_mark_unreported(&p, 600 * MIB);
	/* In the pcplists they are not free. */
	request(&p, DELAY, 3000, GIB - 600 * MIB);
	KUNIT_EXPECT_EQ(test, p.reported_free, GIB - 600 * MIB);
	check(&p, DELAY, 3100, GIB);
	mmh_pace_discarded(&p, 3200, 600 * MIB);
	check(&p, DELAY, 3300, GIB);
	KUNIT_EXPECT_EQ(test, p.reported_free, GIB);
	KUNIT_EXPECT_EQ(test, p.reused, 0ULL);
	KUNIT_EXPECT_EQ(test, p.level, 0U);
	KUNIT_EXPECT_EQ(test, p.window, GIB);
}

static void unknown_memory_cannot_become_less_known(struct kunit *test)
{
	struct mmh_pace p = start(GIB);

	report(&p, 2000, GIB, 100 * MIB);
	mmh_pace_mark_unreported(&p, 600 * MIB);
	KUNIT_EXPECT_EQ(test, p.reported_free, 0ULL);
	mmh_pace_discarded(&p, 2100, 600 * MIB);
	check(&p, DELAY, 2200, GIB);
	KUNIT_EXPECT_EQ(test, p.reported_free, 600 * MIB);
	KUNIT_EXPECT_EQ(test, p.reused, 0ULL);
}

static void use_beside_a_driver_is_still_a_mistake(struct kunit *test)
{
	struct mmh_pace p = start(GIB);

	report(&p, 2000, GIB, GIB);
	mmh_pace_mark_unreported(&p, 600 * MIB);
	request(&p, DELAY, 2100, GIB - 600 * MIB - 256 * MIB);
	KUNIT_EXPECT_EQ(test, p.reused, 256 * MIB);
	KUNIT_EXPECT_EQ(test, p.level, 1U);
}

static void what_came_back_is_trusted_while_little_was_used(struct kunit *test)
{
	KUNIT_EXPECT_TRUE(test, mmh_pace_trusts_discarded(600 * MIB, 0));
	KUNIT_EXPECT_TRUE(test, mmh_pace_trusts_discarded(640 * MIB, 40 * MIB));
	KUNIT_EXPECT_FALSE(test, mmh_pace_trusts_discarded(640 * MIB, 40 * MIB + 4096));
	KUNIT_EXPECT_TRUE(test, mmh_pace_trusts_discarded(4096, PACE_MISTAKE_MIN - 1));
	KUNIT_EXPECT_FALSE(test, mmh_pace_trusts_discarded(4096, PACE_MISTAKE_MIN));
}

static struct kunit_case level_cases[] = {
	KUNIT_CASE(taken_memory_is_counted),
	KUNIT_CASE(a_small_block_that_is_reported_twice_is_not_reused),
	KUNIT_CASE(small_blocks_in_use_are_reused),
	KUNIT_CASE(taken_between_samples_is_counted_at_the_report),
	KUNIT_CASE(known_never_exceeds_free),
	KUNIT_CASE(memory_taken_soon_raises_the_level),
	KUNIT_CASE(memory_taken_late_is_no_mistake),
	KUNIT_CASE(few_bytes_are_noise),
	KUNIT_CASE(level_has_a_top_and_is_forgiven),
	KUNIT_CASE(level_asks_for_more_calm),
	KUNIT_CASE(rest_of_a_calm_pass_needs_one_check),
	KUNIT_CASE(taken_after_a_calm_pass_asks_for_all_checks),
	KUNIT_CASE(calm_of_long_ago_asks_for_all_checks),
	KUNIT_CASE(quiet_after_churn_is_seen_within_eight_checks),
	KUNIT_CASE(churn_gets_few_passes),
	KUNIT_CASE(memory_of_a_driver_is_not_taken),
	KUNIT_CASE(an_observation_counts_what_was_taken),
	KUNIT_CASE(pages_in_the_pcplists_are_not_reused),
	KUNIT_CASE(unknown_memory_cannot_become_less_known),
	KUNIT_CASE(use_beside_a_driver_is_still_a_mistake),
	KUNIT_CASE(what_came_back_is_trusted_while_little_was_used),
	{}
};

static struct kunit_suite level_suite = {
	.name = "mm_hooks_level",
	.test_cases = level_cases,
};

kunit_test_suite(level_suite);

MODULE_LICENSE("GPL");
MODULE_DESCRIPTION("Tests of how far reporting backs off");
