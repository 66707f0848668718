// SPDX-License-Identifier: GPL-2.0-only
/* Which free blocks are reported, when and how many at a time: every corner. */
#include <kunit/test.h>
#include <linux/module.h>

#include "../native/policy.c"

#define HERTZ 250
#define AGE 25
#define ORDER (21 - PAGE_SHIFT)	/* 2 MiB */

static struct mmh_policy after(unsigned long passed)
{
	const struct mmh_policy_guest guest = {};

	return mmh_policy_regular(AGE, &guest, ORDER, passed, HERTZ);
}

/* A pass that found the guest so. */
static struct mmh_policy found(u32 age, struct mmh_policy_guest guest)
{
	return mmh_policy_regular(age, &guest, ORDER, 0, HERTZ);
}

static void block_waits_for_its_age(struct kunit *test)
{
	struct mmh_policy p = after(0);

	KUNIT_EXPECT_EQ(test, mmh_policy_wait(&p, ORDER, 0), (u32)AGE);
	KUNIT_EXPECT_EQ(test, mmh_policy_wait(&p, ORDER, AGE - 1), 1U);
	KUNIT_EXPECT_EQ(test, mmh_policy_wait(&p, ORDER, AGE), 0U);
	KUNIT_EXPECT_EQ(test, mmh_policy_wait(&p, ORDER + 1, S32_MAX), 0U);
}

static void block_freed_in_the_pass_waits_too(struct kunit *test)
{
	struct mmh_policy p = after(0);

	KUNIT_EXPECT_EQ(test, mmh_policy_wait(&p, ORDER, -3), (u32)AGE);
	KUNIT_EXPECT_EQ(test, mmh_policy_wait(&p, ORDER, S32_MIN), (u32)AGE);
}

static void each_level_doubles_the_age(struct kunit *test)
{
	unsigned int level;

	for (level = 0; level < 4; level++) {
		struct mmh_policy p = found(AGE, (struct mmh_policy_guest){ level });

		KUNIT_EXPECT_EQ(test, p.min_age, (u32)AGE << level);
	}
}

static void calm_guest_has_waited_for_its_level(struct kunit *test)
{
	struct mmh_policy calm = found(AGE, (struct mmh_policy_guest){ 3, true });
	struct mmh_policy busy = found(AGE, (struct mmh_policy_guest){ 3 });

	KUNIT_EXPECT_EQ(test, mmh_policy_wait(&calm, ORDER, AGE), 0U);
	KUNIT_EXPECT_EQ(test, mmh_policy_wait(&busy, ORDER, AGE), 7U * AGE);
	KUNIT_EXPECT_EQ(test, calm.low_age, busy.low_age);
}

static void pass_that_was_held_takes_what_was_free_all_the_time(struct kunit *test)
{
	struct mmh_policy p = found(AGE, (struct mmh_policy_guest){ .level = 1,
							    .deferred = 500 });

	KUNIT_EXPECT_EQ(test, mmh_policy_wait(&p, ORDER, 499), 1U);
	/* Calm may come at any time: it is asked for as in a guest that is not busy. */
	KUNIT_EXPECT_EQ(test, mmh_policy_wait(&p, ORDER, 0), 2U * AGE);
	KUNIT_EXPECT_EQ(test, mmh_policy_wait(&p, ORDER, 500), 0U);
	p = found(400, (struct mmh_policy_guest){ .level = 1, .deferred = 500 });
	KUNIT_EXPECT_EQ(test, mmh_policy_wait(&p, ORDER, 500), 300U);
	/* Small blocks are never taken sooner than large ones. */
	p = found(AGE, (struct mmh_policy_guest){ .deferred = 16 * HERTZ });
	KUNIT_EXPECT_EQ(test, mmh_policy_wait(&p, ORDER - 1, 15 * HERTZ),
			1U * HERTZ);
	KUNIT_EXPECT_EQ(test, mmh_policy_wait(&p, ORDER - 1, 3 * HERTZ),
			2U * HERTZ);
}

static void pass_that_was_held_asks_again_later_not_at_once(struct kunit *test)
{
	struct mmh_policy p = found(0, (struct mmh_policy_guest){ .deferred = 500 });

	KUNIT_EXPECT_EQ(test, mmh_policy_wait(&p, ORDER, 3), 1U);
}

static void age_does_not_overflow(struct kunit *test)
{
	struct mmh_policy p = found(U32_MAX, (struct mmh_policy_guest){ 3 });

	KUNIT_EXPECT_EQ(test, p.min_age, (u32)S32_MAX);
	KUNIT_EXPECT_EQ(test, p.low_age, (u32)S32_MAX);
}

static void no_age_means_at_once(struct kunit *test)
{
	struct mmh_policy p = found(0, (struct mmh_policy_guest){ 3 });

	KUNIT_EXPECT_EQ(test, mmh_policy_wait(&p, ORDER, 0), 0U);
	KUNIT_EXPECT_EQ(test, p.low_age, 2U * HERTZ);
}

static void small_block_waits_longer(struct kunit *test)
{
	struct mmh_policy p = after(HERTZ);

	KUNIT_EXPECT_EQ(test, mmh_policy_wait(&p, ORDER - 1, AGE),
			2U * HERTZ - AGE);
	KUNIT_EXPECT_EQ(test, mmh_policy_wait(&p, ORDER - 1, 2 * HERTZ), 0U);
}

static void small_blocks_are_rationed(struct kunit *test)
{
	struct mmh_policy p = after(HERTZ / 10);
	unsigned int n = 0;

	while (n < 2 * POLICY_LOW_RATE && !mmh_policy_wait(&p, 0, S32_MAX))
		n++;
	KUNIT_EXPECT_EQ(test, n, (unsigned int)(POLICY_LOW_RATE / 10));
	KUNIT_EXPECT_EQ(test, mmh_policy_wait(&p, 0, S32_MAX), (u32)HERTZ);
	KUNIT_EXPECT_EQ(test, mmh_policy_wait(&p, ORDER, S32_MAX), 0U);
}

static void without_a_ration_all_small_blocks_wait(struct kunit *test)
{
	struct mmh_policy p = after(HERTZ), flush = mmh_policy_flush();

	KUNIT_EXPECT_EQ(test, mmh_policy_small_wait(&p, 0), 0U);
	while (p.low)
		mmh_policy_wait(&p, 0, S32_MAX);
	KUNIT_EXPECT_EQ(test, mmh_policy_small_wait(&p, ORDER - 1), (u32)HERTZ);
	/* There are none. */
	KUNIT_EXPECT_EQ(test, mmh_policy_small_wait(&p, ORDER), 0U);
	KUNIT_EXPECT_EQ(test, mmh_policy_small_wait(&flush, 0), 0U);
}

static void ration_is_for_a_second_at_most(struct kunit *test)
{
	KUNIT_EXPECT_EQ(test, after(ULONG_MAX).low,
			(unsigned int)POLICY_LOW_RATE);
	KUNIT_EXPECT_EQ(test, after(0).low, 0U);
}

static void too_young_costs_no_ration(struct kunit *test)
{
	struct mmh_policy p = after(HERTZ);

	mmh_policy_wait(&p, 0, 0);
	KUNIT_EXPECT_EQ(test, p.low, (unsigned int)POLICY_LOW_RATE);
}

static void flush_takes_all(struct kunit *test)
{
	struct mmh_policy p = mmh_policy_flush();
	unsigned int order, n;

	for (order = 0; order < 11; order++)
		for (n = 0; n < 2 * POLICY_LOW_RATE; n++)
			KUNIT_ASSERT_EQ(test, mmh_policy_wait(&p, order, 0), 0U);
	p = mmh_policy_zone(&p, 3);
	for (n = 0; n < 2 * POLICY_ALONE_RATE; n++)
		KUNIT_ASSERT_EQ(test, mmh_policy_alone(&p), 0U);
	KUNIT_EXPECT_FALSE(test, p.runs_first);
}

static void block_without_a_neighbour_is_alone(struct kunit *test)
{
	struct mmh_policy p = after(HERTZ);

	KUNIT_EXPECT_TRUE(test, mmh_policy_is_alone(&p, ORDER, false));
	KUNIT_EXPECT_FALSE(test, mmh_policy_is_alone(&p, ORDER, true));
	/* It is worth it, or counted as a small one. */
	KUNIT_EXPECT_FALSE(test, mmh_policy_is_alone(&p, POLICY_RUN_ORDER, false));
	KUNIT_EXPECT_FALSE(test, mmh_policy_is_alone(&p, ORDER - 1, false));
	KUNIT_EXPECT_TRUE(test, p.runs_first);
}

static struct mmh_policy with_cpus(unsigned int cpus, unsigned long passed)
{
	const struct mmh_policy_guest guest = { .cpus = cpus };

	return mmh_policy_regular(AGE, &guest, ORDER, passed, HERTZ);
}

/* 16 GiB in blocks of 2 MiB that are alone, with a pass in each second. */
static void processors_are_interrupted_as_often(struct kunit *test)
{
	static const unsigned int cpus[] = { 1, 8, 32 };
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(cpus); i++) {
		unsigned int left = 8192, seconds = 0;

		while (left) {
			struct mmh_policy p = with_cpus(cpus[i], HERTZ);
			unsigned int sent = 0;

			while (left && !mmh_policy_alone(&p)) {
				left--;
				sent++;
			}
			seconds++;
			KUNIT_ASSERT_GT(test, sent, 0U);
			KUNIT_EXPECT_LE(test, sent * cpus[i], POLICY_ALONE_RATE + 0U);
		}
		kunit_info(test, "16 GiB with %u processors: %u s", cpus[i], seconds);
		KUNIT_EXPECT_EQ(test, seconds, DIV_ROUND_UP(8192 * cpus[i], POLICY_ALONE_RATE));
	}
}

static void what_is_alone_waits_for_a_part_of_a_second(struct kunit *test)
{
	struct mmh_policy p = with_cpus(8, HERTZ / 10);
	unsigned int n = 0;

	KUNIT_EXPECT_EQ(test, mmh_policy_alone_wait(&p), 0U);
	while (n < POLICY_ALONE_RATE && !mmh_policy_alone(&p))
		n++;
	KUNIT_EXPECT_EQ(test, n, POLICY_ALONE_RATE / 80U);
	KUNIT_EXPECT_EQ(test, mmh_policy_alone(&p), (u32)HERTZ / POLICY_ALONE_PART);
	KUNIT_EXPECT_EQ(test, mmh_policy_alone_wait(&p), (u32)HERTZ / POLICY_ALONE_PART);
	KUNIT_EXPECT_EQ(test, p.alone, 0U);
	/* Those with neighbours do not. */
	KUNIT_EXPECT_EQ(test, mmh_policy_wait(&p, ORDER, S32_MAX), 0U);
	/* With ever so many processors, some may. */
	p = with_cpus(8192, HERTZ);
	KUNIT_EXPECT_EQ(test, mmh_policy_alone(&p), 0U);
}

static void around_a_small_block_all_wait(struct kunit *test)
{
	struct mmh_policy p = after(HERTZ);
	unsigned long pfn = 7UL << ORDER;

	/* To the end of the reporting order, from wherever it is. */
	KUNIT_EXPECT_EQ(test, mmh_policy_skip(&p, pfn, 0), 8UL << ORDER);
	KUNIT_EXPECT_EQ(test, mmh_policy_skip(&p, pfn + 2, 1), 8UL << ORDER);
	KUNIT_EXPECT_EQ(test, mmh_policy_skip(&p, (8UL << ORDER) - 1, 0),
			8UL << ORDER);
	/* A large one to its own. */
	KUNIT_EXPECT_EQ(test, mmh_policy_skip(&p, pfn, ORDER), 8UL << ORDER);
	KUNIT_EXPECT_EQ(test, mmh_policy_skip(&p, 6UL << ORDER, ORDER + 1),
			8UL << ORDER);
}

static void each_zone_has_its_part(struct kunit *test)
{
	struct mmh_policy p = after(HERTZ);
	unsigned int zones, sum = 0, alone = 0;

	for (zones = 3; zones; zones--) {
		struct mmh_policy zone = mmh_policy_zone(&p, zones);

		struct mmh_policy left = zone;

		KUNIT_EXPECT_GT(test, zone.low, 0U);
		sum += zone.low;
		alone += zone.alone;
		left.low = 0;
		left.alone = 0;
		mmh_policy_spend(&p, &zone, &left);
	}
	KUNIT_EXPECT_EQ(test, sum, (unsigned int)POLICY_LOW_RATE);
	KUNIT_EXPECT_EQ(test, alone, (unsigned int)POLICY_ALONE_RATE);
	KUNIT_EXPECT_EQ(test, mmh_policy_zone(&p, 1).low, 0U);
	/* What one zone does not need is the next one's. */
	p = after(HERTZ);
	KUNIT_EXPECT_EQ(test, mmh_policy_zone(&p, 1).low,
			(unsigned int)POLICY_LOW_RATE);
}

/* How many chains may be out, if each takes what it may. */
static unsigned int chains(struct kunit *test, unsigned long most)
{
	unsigned long out = 0;
	unsigned int n = 0;

	while (n < 100 && mmh_policy_share(most, out)) {
		out += mmh_policy_share(most, out);
		n++;
		KUNIT_EXPECT_LE(test, out, most);
	}
	return n;
}

static void chains_share_what_may_be_out(struct kunit *test)
{
	KUNIT_EXPECT_EQ(test, chains(test, 8 * POLICY_REPORT_PAGES), 8U);
	KUNIT_EXPECT_EQ(test, chains(test, 5 * POLICY_REPORT_PAGES - 1), 4U);
	/* 64 MiB of 2 GiB: the device has some while others are filled. */
	KUNIT_EXPECT_EQ(test, chains(test, mmh_policy_zone_most(BIT(31 - PAGE_SHIFT))), 4U);
	/* A chain is worth sending. */
	KUNIT_EXPECT_EQ(test, chains(test, 2 * POLICY_REPORT_LEAST), 2U);
}

static void one_chain_is_always_allowed(struct kunit *test)
{
	unsigned long most = POLICY_REPORT_LEAST / 2;

	KUNIT_EXPECT_EQ(test, mmh_policy_share(most, 0), most);
	KUNIT_EXPECT_EQ(test, mmh_policy_share(most, most), 0UL);
	/* A block that is larger than the share went out alone. */
	KUNIT_EXPECT_EQ(test, mmh_policy_share(most, 2 * most), 0UL);
	KUNIT_EXPECT_GT(test, mmh_policy_share(mmh_policy_zone_most(1), 0), 0UL);
}

static int take(unsigned long free, unsigned long usable, unsigned long out)
{
	const struct mmh_policy_memory m = {
		.free = free,
		.usable = usable,
		.large = 100000,
		.inflight = out,
		.most = 4096,
		.low = 800,
		.high = 1000,
	};

	return mmh_policy_isolate(&m, 9);
}

static void zone_keeps_what_it_needs(struct kunit *test)
{
	struct mmh_policy_memory nothing = {};

	KUNIT_EXPECT_EQ(test, take(1000, 1000, 0), (int)POLICY_SCARCE);
	KUNIT_EXPECT_EQ(test, take(1512, 1512, 0), (int)POLICY_SCARCE);
	KUNIT_EXPECT_EQ(test, take(1513, 1513, 0), (int)POLICY_ISOLATE);
	KUNIT_EXPECT_EQ(test, take(1513, 1513, 512), (int)POLICY_ISOLATE);
	/* It is not known to be short before what is out is back. */
	KUNIT_EXPECT_EQ(test, take(1512, 1512, 512), (int)POLICY_LATER);
	KUNIT_EXPECT_EQ(test, (int)mmh_policy_isolate(&nothing, 0),
			(int)POLICY_SCARCE);
}

/* Then it may be memory of CMA that is free: one block at a time is taken. */
static void full_zone_gives_a_block_at_a_time(struct kunit *test)
{
	KUNIT_EXPECT_EQ(test, take(9000, 1512, 0), (int)POLICY_ISOLATE);
	KUNIT_EXPECT_EQ(test, take(9000, 1512, 512), (int)POLICY_LATER);
	KUNIT_EXPECT_EQ(test, take(9000, 1313, 0), (int)POLICY_ISOLATE);
	KUNIT_EXPECT_EQ(test, take(9000, 1312, 0), (int)POLICY_SCARCE);
	KUNIT_EXPECT_EQ(test, take(1512, 1400, 0), (int)POLICY_SCARCE);
}

static void part_of_a_zone_is_out(struct kunit *test)
{
	KUNIT_EXPECT_EQ(test, mmh_policy_zone_most(BIT(18)), BIT(13));
	KUNIT_EXPECT_EQ(test, take(90000, 90000, 4096 - 512), (int)POLICY_ISOLATE);
	KUNIT_EXPECT_EQ(test, take(90000, 90000, 4096 - 511), (int)POLICY_LATER);
}

static void what_is_isolated_is_missing(struct kunit *test)
{
	struct mmh_policy_memory m = { .free = 100, .usable = 3, .inflight = 7 };

	mmh_policy_isolated(&m, 4);
	KUNIT_EXPECT_EQ(test, m.free, 84UL);
	KUNIT_EXPECT_EQ(test, m.usable, 0UL);
	KUNIT_EXPECT_EQ(test, m.inflight, 23UL);
}

#define ORDERS 11

/* A zone of which much is free and few blocks are large. */
struct zone_model {
	unsigned long blocks[ORDERS];
	struct mmh_policy_memory m;
};

static unsigned long model_large(const struct zone_model *z, unsigned int order)
{
	unsigned long pages = 0;

	for (; order < ORDERS; order++)
		pages += z->blocks[order] << order;
	return pages;
}

/* Takes blocks of an order while it may.  Return: how many. */
static unsigned int model_take(struct zone_model *z, unsigned int order)
{
	unsigned int taken = 0;

	for (; z->blocks[order]; taken++) {
		z->m.large = model_large(z, order);
		if (mmh_policy_isolate(&z->m, order) != POLICY_ISOLATE)
			break;
		z->blocks[order]--;
		mmh_policy_isolated(&z->m, order);
	}
	return taken;
}

static struct zone_model model(unsigned long largest, unsigned long second)
{
	struct zone_model z = {
		.blocks = { [ORDERS - 2] = second, [ORDERS - 1] = largest },
		.m = { .free = BIT(20), .usable = BIT(20), .most = BIT(20) },
	};

	return z;
}

/* An allocation of 4 MiB finds a block while a pass is out, and one of 2 MiB, too. */
static void share_of_each_order_stays(struct kunit *test)
{
	unsigned long all;

	for (all = POLICY_LEAVE_BLOCKS + 1; all < 100; all++) {
		struct zone_model z = model(all, 3 * all);
		unsigned long least = max(all / POLICY_LEAVE_PART,
					  (unsigned long)POLICY_LEAVE_BLOCKS);

		model_take(&z, ORDERS - 1);
		KUNIT_EXPECT_EQ(test, z.blocks[ORDERS - 1],
				DIV_ROUND_UP(max(all, 4 * least), 4));
		model_take(&z, ORDERS - 2);
		KUNIT_EXPECT_GE(test, model_large(&z, ORDERS - 2),
				least << (ORDERS - 1));
	}
}

/* Few large blocks go one at a time, and small ones do not wait for them. */
static void few_blocks_go_one_at_a_time(struct kunit *test)
{
	struct zone_model z = model(3, 500);

	KUNIT_EXPECT_EQ(test, model_take(&z, ORDERS - 1), 1U);
	KUNIT_EXPECT_GT(test, model_take(&z, ORDERS - 2), 100U);
	KUNIT_EXPECT_EQ(test, z.blocks[ORDERS - 1], 2UL);
	z.m.inflight = 0;
	KUNIT_EXPECT_EQ(test, model_take(&z, ORDERS - 1), 1U);
	z = model(1, 0);
	KUNIT_EXPECT_EQ(test, model_take(&z, ORDERS - 1), 1U);
}

/* As often as there may be flights, and more; then one is killed, and so on. */
static void guest_out_of_memory_is_rescued_often(struct kunit *test)
{
	struct mmh_policy_oom r = {};
	unsigned long now = 7UL * HERTZ;
	unsigned int i, killed;

	for (killed = 0; killed < 3; killed++) {
		for (i = 0; i < POLICY_OOM_WAITS; i++)
			KUNIT_EXPECT_TRUE(test, mmh_policy_oom_may_wait(&r, now += HERTZ,
									HERTZ));
		KUNIT_EXPECT_FALSE(test, mmh_policy_oom_may_wait(&r, now += HERTZ,
								 HERTZ));
	}
}

static void later_it_is_another_time(struct kunit *test)
{
	unsigned long apart = POLICY_OOM_WAITS_APART * HERTZ;
	struct mmh_policy_oom r = {};
	unsigned long now = -3UL * HERTZ; /* the clock wraps */
	unsigned int i;

	for (i = 0; i < POLICY_OOM_WAITS; i++)
		KUNIT_EXPECT_TRUE(test, mmh_policy_oom_may_wait(&r, now, HERTZ));
	KUNIT_EXPECT_TRUE(test, mmh_policy_oom_may_wait(&r, now + apart + 1, HERTZ));
	for (i = 1; i < POLICY_OOM_WAITS; i++)
		KUNIT_EXPECT_TRUE(test,
				  mmh_policy_oom_may_wait(&r, now + 2 * apart, HERTZ));
	KUNIT_EXPECT_FALSE(test, mmh_policy_oom_may_wait(&r, now + 3 * apart, HERTZ));
}

static void flush_goes_on_while_something_is_left(struct kunit *test)
{
	KUNIT_EXPECT_EQ(test, (int)mmh_policy_flush_step(true, true, 1000, false),
			(int)POLICY_FLUSH_ON);
	/* What cannot be isolated would keep it going for ever. */
	KUNIT_EXPECT_EQ(test, (int)mmh_policy_flush_step(false, true, 1, false),
			(int)POLICY_FLUSH_DONE);
}

static void flush_without_time_says_so(struct kunit *test)
{
	KUNIT_EXPECT_EQ(test, (int)mmh_policy_flush_step(true, true, 1, true),
			(int)POLICY_FLUSH_LATE);
	/* All that was free when it began has gone. */
	KUNIT_EXPECT_EQ(test, (int)mmh_policy_flush_step(true, false, 1, true),
			(int)POLICY_FLUSH_DONE);
	KUNIT_EXPECT_EQ(test, (int)mmh_policy_flush_step(false, true, 1, true),
			(int)POLICY_FLUSH_DONE);
}

static void guest_that_frees_all_the_time_ends_a_flush(struct kunit *test)
{
	KUNIT_EXPECT_EQ(test,
			(int)mmh_policy_flush_step(true, false,
						   POLICY_FLUSH_ROUNDS - 1, false),
			(int)POLICY_FLUSH_ON);
	KUNIT_EXPECT_EQ(test,
			(int)mmh_policy_flush_step(true, false, POLICY_FLUSH_ROUNDS,
						   false),
			(int)POLICY_FLUSH_DONE);
}

static void what_cannot_be_had_is_tried_ever_later(struct kunit *test)
{
	unsigned int i;

	KUNIT_EXPECT_EQ(test, mmh_policy_retry(0, HERTZ), HERTZ + 0UL);
	for (i = 1; i <= POLICY_RETRIES; i++)
		KUNIT_EXPECT_EQ(test, mmh_policy_retry(i, HERTZ),
				2 * mmh_policy_retry(i - 1, HERTZ));
	KUNIT_EXPECT_EQ(test, mmh_policy_retry(UINT_MAX, HERTZ), 64UL * HERTZ);
}

static void silent_flight_is_waited_for_once(struct kunit *test)
{
	unsigned long deadline = POLICY_ISOLATION_SECONDS * HERTZ;
	unsigned long since = -3UL * HERTZ; /* the clock wraps */
	unsigned long now = since + HERTZ;
	unsigned int i;

	for (i = 0; i < 64; i++)
		now += mmh_policy_isolation_timeout(now - since, HERTZ);
	KUNIT_EXPECT_EQ(test, now - since, deadline);
	KUNIT_EXPECT_EQ(test, mmh_policy_isolation_timeout(0, HERTZ), deadline);
	KUNIT_EXPECT_EQ(test, mmh_policy_isolation_timeout(deadline - 1, HERTZ), 1UL);
	KUNIT_EXPECT_EQ(test, mmh_policy_isolation_timeout(ULONG_MAX, HERTZ), 0UL);
}

static struct kunit_case policy_cases[] = {
	KUNIT_CASE(block_waits_for_its_age),
	KUNIT_CASE(block_freed_in_the_pass_waits_too),
	KUNIT_CASE(each_level_doubles_the_age),
	KUNIT_CASE(calm_guest_has_waited_for_its_level),
	KUNIT_CASE(pass_that_was_held_takes_what_was_free_all_the_time),
	KUNIT_CASE(pass_that_was_held_asks_again_later_not_at_once),
	KUNIT_CASE(age_does_not_overflow),
	KUNIT_CASE(no_age_means_at_once),
	KUNIT_CASE(small_block_waits_longer),
	KUNIT_CASE(small_blocks_are_rationed),
	KUNIT_CASE(without_a_ration_all_small_blocks_wait),
	KUNIT_CASE(ration_is_for_a_second_at_most),
	KUNIT_CASE(too_young_costs_no_ration),
	KUNIT_CASE(flush_takes_all),
	KUNIT_CASE(block_without_a_neighbour_is_alone),
	KUNIT_CASE(processors_are_interrupted_as_often),
	KUNIT_CASE(what_is_alone_waits_for_a_part_of_a_second),
	KUNIT_CASE(around_a_small_block_all_wait),
	KUNIT_CASE(each_zone_has_its_part),
	KUNIT_CASE(chains_share_what_may_be_out),
	KUNIT_CASE(one_chain_is_always_allowed),
	KUNIT_CASE(zone_keeps_what_it_needs),
	KUNIT_CASE(full_zone_gives_a_block_at_a_time),
	KUNIT_CASE(part_of_a_zone_is_out),
	KUNIT_CASE(what_is_isolated_is_missing),
	KUNIT_CASE(share_of_each_order_stays),
	KUNIT_CASE(few_blocks_go_one_at_a_time),
	KUNIT_CASE(guest_out_of_memory_is_rescued_often),
	KUNIT_CASE(later_it_is_another_time),
	KUNIT_CASE(flush_goes_on_while_something_is_left),
	KUNIT_CASE(flush_without_time_says_so),
	KUNIT_CASE(guest_that_frees_all_the_time_ends_a_flush),
	KUNIT_CASE(what_cannot_be_had_is_tried_ever_later),
	KUNIT_CASE(silent_flight_is_waited_for_once),
	{}
};

static struct kunit_suite policy_suite = {
	.name = "mm_hooks_policy",
	.test_cases = policy_cases,
};

kunit_test_suite(policy_suite);

MODULE_DESCRIPTION("KUnit tests of what mm_hooks reports");
MODULE_LICENSE("GPL");
