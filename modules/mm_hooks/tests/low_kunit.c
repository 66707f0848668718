// SPDX-License-Identifier: GPL-2.0-only
/* When the blocks below report_order are reported. */
#include <kunit/test.h>
#include <linux/module.h>

#include "../pace/low.c"
#include "../small_age.h"

#define MIB BIT_ULL(20)
#define TOTAL (2048 * MIB)
#define TICK 250
#define AGE SMALL_AGE_MS
#define HIGH 9

struct guest {
	struct mmh_low low;
	struct mmh_low_memory memory;
	u64 now;
};

static struct guest begin(void)
{
	struct guest g = { .now = 1000 };

	mmh_low_init(&g.low, g.now, TOTAL, &g.memory);
	return g;
}

static enum mmh_low_step check_orders(struct guest *g, unsigned int high, unsigned int low)
{
	return mmh_low_check(&g->low, g->now, AGE, high, low, &g->memory);
}

static enum mmh_low_step tick(struct guest *g)
{
	g->now += TICK;
	return check_orders(g, HIGH, 0);
}

/* Return: milliseconds until a pass runs. */
static u64 until_pass(struct kunit *test, struct guest *g)
{
	u64 start = g->now;

	while (tick(g) != LOW_PASS)
		KUNIT_ASSERT_LT_MSG(test, g->now - start, 10 * AGE, "no pass");
	return g->now - start;
}

static void pass(struct guest *g, u64 bytes, bool cut)
{
	g->memory.unreported -= bytes;
	mmh_low_passed(&g->low, 0, bytes, cut, &g->memory);
}

/* A guest with a round that is under way. */
static struct guest in_round(struct kunit *test, u64 unreported)
{
	struct guest g = begin();

	g.memory.unreported = unreported;
	until_pass(test, &g);
	return g;
}

static void nothing_unreported_is_watched(struct kunit *test)
{
	struct guest g = begin();
	int i;

	for (i = 0; i < 100; i++)
		KUNIT_EXPECT_EQ(test, tick(&g), LOW_WATCH);
}

static void small_change_is_watched(struct kunit *test)
{
	struct guest g = begin();
	int i;

	g.memory.unreported = TOTAL / LOW_PART - 1;
	for (i = 0; i < 100; i++)
		KUNIT_EXPECT_EQ(test, tick(&g), LOW_WATCH);
}

static void freed_memory_waits_for_its_age(struct kunit *test)
{
	struct guest g = begin();
	u64 ms;

	g.memory.unreported = 100 * MIB;
	ms = until_pass(test, &g);
	KUNIT_EXPECT_GE(test, ms, AGE);
	KUNIT_EXPECT_LE(test, ms, AGE + 2 * TICK);
}

static void later_frees_begin_the_age_anew(struct kunit *test)
{
	struct guest g = begin();
	u64 freed;

	g.memory.unreported = 100 * MIB;
	while (g.now < 1000 + AGE - TICK)
		KUNIT_EXPECT_EQ(test, tick(&g), LOW_WAIT);
	g.memory.unreported += 200 * MIB;
	freed = g.now;
	until_pass(test, &g);
	KUNIT_EXPECT_GE(test, g.now - freed, AGE);
}

static void a_busy_guest_is_left_alone(struct kunit *test)
{
	struct guest g = begin();
	int i;

	g.memory.unreported = 100 * MIB;
	for (i = 0; i < 1000; i++) {
		g.memory.used += 20 * MIB;
		KUNIT_EXPECT_EQ(test, tick(&g), LOW_WAIT);
	}
}

/* A deferrable timer may not have run for long. */
static void a_late_check_spreads_what_was_used(struct kunit *test)
{
	struct guest g = begin();

	g.memory.unreported = 100 * MIB;
	tick(&g);
	g.memory.used += 60 * LOW_NOISE;
	g.now += 60000;
	KUNIT_EXPECT_EQ(test, check_orders(&g, HIGH, 0), LOW_PASS);
}

static void a_large_guest_is_quiet_with_more_noise(struct kunit *test)
{
	struct guest g = { .now = 1000 };
	int i;

	mmh_low_init(&g.low, g.now, 1024 * TOTAL, &g.memory);
	g.memory.unreported = 100 * MIB;
	for (i = 0; i < AGE / TICK; i++) {
		KUNIT_EXPECT_EQ(test, tick(&g), LOW_WAIT);
		g.memory.used += TOTAL / 8;
	}
	KUNIT_EXPECT_EQ(test, tick(&g), LOW_PASS);
}

static void work_ends_a_round(struct kunit *test)
{
	struct guest g = in_round(test, 100 * MIB);
	u64 worked;

	pass(&g, 10 * MIB, true);
	g.memory.used += 50 * MIB;
	KUNIT_EXPECT_EQ(test, tick(&g), LOW_WAIT);
	worked = g.now;
	until_pass(test, &g);
	KUNIT_EXPECT_GE(test, g.now - worked, AGE);
}

static void a_round_begins_with_the_larger_blocks(struct kunit *test)
{
	struct guest g = in_round(test, 100 * MIB);
	unsigned int order = HIGH;

	while (g.low.active) {
		KUNIT_EXPECT_LT(test, g.low.order, order);
		order = g.low.order;
		pass(&g, MIB, true);
		KUNIT_EXPECT_EQ(test, tick(&g), LOW_PASS);
		KUNIT_EXPECT_EQ(test, g.low.order, order);
		pass(&g, MIB, false);
		tick(&g);
	}
	KUNIT_EXPECT_EQ(test, order, 0);
	KUNIT_EXPECT_EQ(test, tick(&g), LOW_WATCH);
}

static void a_pass_goes_on_where_the_last_was_cut(struct kunit *test)
{
	struct guest g = in_round(test, 100 * MIB);

	KUNIT_EXPECT_FALSE(test, g.low.again);
	pass(&g, MIB, true);
	tick(&g);
	KUNIT_EXPECT_TRUE(test, g.low.again);
	pass(&g, MIB, false);
	tick(&g);
	KUNIT_EXPECT_FALSE(test, g.low.again);
	pass(&g, MIB, true);
	g.memory.used += 50 * MIB;
	KUNIT_EXPECT_EQ(test, tick(&g), LOW_WAIT);
	until_pass(test, &g);
	KUNIT_EXPECT_FALSE(test, g.low.again);
}

static void a_failed_pass_is_tried_again_after_an_age(struct kunit *test)
{
	struct guest g = in_round(test, 100 * MIB);
	u64 failed = g.now;

	mmh_low_failed(&g.low, g.now);
	until_pass(test, &g);
	KUNIT_EXPECT_GE(test, g.now - failed, AGE);
	KUNIT_EXPECT_FALSE(test, g.low.again);
}

/* Such as a zone at its watermark. */
static void what_a_round_leaves_is_not_tried_again(struct kunit *test)
{
	struct guest g = in_round(test, 100 * MIB);
	int i;

	while (g.low.active) {
		pass(&g, 0, false);
		tick(&g);
	}
	for (i = 0; i < 100; i++)
		KUNIT_EXPECT_EQ(test, tick(&g), LOW_WATCH);
	g.memory.unreported += 10 * MIB;
	until_pass(test, &g);
}

/* Used and freed between two checks, reported memory is not missed for ever. */
static void allocations_begin_a_round(struct kunit *test)
{
	struct guest g = begin();
	int i;

	for (i = 0; i < 32; i++) {
		g.memory.used += MIB / 2;
		if (tick(&g) != LOW_WATCH)
			break;
	}
	KUNIT_EXPECT_EQ(test, i, 31);
	until_pass(test, &g);
}

/* Return: allocations until a round begins, of which @found is reported. */
static u64 probe(struct kunit *test, struct guest *g, u64 found)
{
	u64 begun = g->memory.used;

	while (tick(g) == LOW_WATCH)
		g->memory.used += MIB / 4;
	begun = g->memory.used - begun;
	until_pass(test, g);
	g->memory.unreported += found;
	pass(g, found, true);
	while (g->low.active) {
		tick(g);
		pass(g, 0, false);
	}
	return begun;
}

static void a_probe_that_finds_nothing_makes_the_next_one_later(struct kunit *test)
{
	struct guest g = begin();
	u64 first = probe(test, &g, 0);

	KUNIT_EXPECT_GE(test, probe(test, &g, 0), first * 2 - MIB);
	KUNIT_EXPECT_GE(test, probe(test, &g, 64 * MIB), first * 4 - MIB);
	KUNIT_EXPECT_LE(test, probe(test, &g, 0), first + MIB);
}

static void low_order_at_report_order_is_off(struct kunit *test)
{
	struct guest g = begin();
	int i;

	g.memory.unreported = 100 * MIB;
	for (i = 0; i < 100; i++) {
		g.now += TICK;
		KUNIT_EXPECT_EQ(test, check_orders(&g, 5, 5), LOW_WATCH);
	}
}

static void a_round_stays_above_low_order(struct kunit *test)
{
	struct guest g = begin();

	g.memory.unreported = 100 * MIB;
	do {
		g.now += TICK;
	} while (check_orders(&g, HIGH, 4) != LOW_PASS);
	while (g.low.active) {
		KUNIT_EXPECT_GE(test, g.low.order, 4);
		mmh_low_passed(&g.low, 4, 0, false, &g.memory);
	}
}

static void a_flush_leaves_nothing_to_do(struct kunit *test)
{
	struct guest g = in_round(test, 100 * MIB);

	mmh_low_flushed(&g.low, &g.memory);
	KUNIT_EXPECT_EQ(test, tick(&g), LOW_WATCH);
}

static void the_level_doubles_the_age(struct kunit *test)
{
	KUNIT_EXPECT_EQ(test, mmh_small_age(100, 0, 1000), SMALL_AGE_MS);
	KUNIT_EXPECT_EQ(test, mmh_small_age(1000, 0, 1000), 10000);
	KUNIT_EXPECT_EQ(test, mmh_small_age(1000, 2, 1000), 40000);
	KUNIT_EXPECT_EQ(test, mmh_small_age(60000, 3, 1000), 4800000);
}

static struct kunit_case low_cases[] = {
	KUNIT_CASE(nothing_unreported_is_watched),
	KUNIT_CASE(small_change_is_watched),
	KUNIT_CASE(freed_memory_waits_for_its_age),
	KUNIT_CASE(later_frees_begin_the_age_anew),
	KUNIT_CASE(a_busy_guest_is_left_alone),
	KUNIT_CASE(a_late_check_spreads_what_was_used),
	KUNIT_CASE(a_large_guest_is_quiet_with_more_noise),
	KUNIT_CASE(work_ends_a_round),
	KUNIT_CASE(a_round_begins_with_the_larger_blocks),
	KUNIT_CASE(a_pass_goes_on_where_the_last_was_cut),
	KUNIT_CASE(a_failed_pass_is_tried_again_after_an_age),
	KUNIT_CASE(what_a_round_leaves_is_not_tried_again),
	KUNIT_CASE(allocations_begin_a_round),
	KUNIT_CASE(a_probe_that_finds_nothing_makes_the_next_one_later),
	KUNIT_CASE(low_order_at_report_order_is_off),
	KUNIT_CASE(a_round_stays_above_low_order),
	KUNIT_CASE(a_flush_leaves_nothing_to_do),
	KUNIT_CASE(the_level_doubles_the_age),
	{}
};

static struct kunit_suite low_suite = {
	.name = "mm_hooks_low",
	.test_cases = low_cases,
};

kunit_test_suite(low_suite);

MODULE_LICENSE("GPL");
MODULE_DESCRIPTION("Tests of when the blocks below report_order are reported");
