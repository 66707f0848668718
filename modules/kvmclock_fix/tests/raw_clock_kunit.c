// SPDX-License-Identifier: GPL-2.0-only
/* Raw-clock arithmetic against a plain and slow computation. */
#include <kunit/test.h>
#include <linux/module.h>
#include <linux/limits.h>
#include <linux/math64.h>

#include "../raw_clock.h"

/* 3 GHz: 1/3 ns a cycle. */
static const struct kf_clock tsc = {
	.cycle_last = 1000000,
	.mask = U64_MAX,
	.mult = 5592405,
	.shift = 24,
	.base_cycles = 0,
	.offset = 7000,
};

static void at_the_update_it_shows_the_offset(struct kunit *test)
{
	KUNIT_EXPECT_EQ(test, kf_clock_ns(&tsc, 1000000), 7000ULL);
}

static void it_advances_by_mult_and_shift(struct kunit *test)
{
	KUNIT_EXPECT_EQ(test, kf_clock_ns(&tsc, 1000000 + 3000000),
			7000ULL + 999999);
}

static void base_cycles_carry_the_fraction(struct kunit *test)
{
	struct kf_clock c = tsc;

	c.base_cycles = (1ULL << 24) - 1;
	KUNIT_EXPECT_EQ(test, kf_clock_ns(&c, 1000000), 7000ULL);
	KUNIT_EXPECT_EQ(test, kf_clock_ns(&c, 1000001), 7001ULL);
}

static void counter_behind_counts_as_not_moved(struct kunit *test)
{
	KUNIT_EXPECT_EQ(test, kf_clock_ns(&tsc, 999999), 7000ULL);
	KUNIT_EXPECT_EQ(test, kf_clock_ns(&tsc, 0), 7000ULL);
}

static void narrow_counter_wraps(struct kunit *test)
{
	struct kf_clock c = tsc;

	c.mask = 0xffffff;
	c.cycle_last = 0xfffff0;
	KUNIT_EXPECT_EQ(test, kf_clock_delta(&c, 0x10), 0x20ULL);
	KUNIT_EXPECT_EQ(test, kf_clock_delta(&c, 0xffffef), 0ULL);
}

static void sixty_four_bits_wrap(struct kunit *test)
{
	struct kf_clock c = tsc;

	c.cycle_last = U64_MAX - 5;
	KUNIT_EXPECT_EQ(test, kf_clock_delta(&c, 10), 16ULL);
}

static void half_the_range_is_the_border(struct kunit *test)
{
	struct kf_clock c = tsc;

	c.cycle_last = 0;
	KUNIT_EXPECT_EQ(test, kf_clock_delta(&c, S64_MAX), (u64)S64_MAX);
	KUNIT_EXPECT_EQ(test, kf_clock_delta(&c, (u64)S64_MAX + 1), 0ULL);
	c.cycle_last = 1ULL << 63;
	KUNIT_EXPECT_EQ(test, kf_clock_delta(&c, (1ULL << 63) - 1), 0ULL);
	KUNIT_EXPECT_EQ(test, kf_clock_delta(&c, (1ULL << 63) + 1), 1ULL);
}

/* delta * mult passes 2^64 after 18 minutes at this rate. */
static void hour_without_an_update_is_exact(struct kunit *test)
{
	const u64 hour = 3600ULL * 3000000000ULL;

	KUNIT_EXPECT_EQ(test, kf_clock_ns(&tsc, 1000000 + hour),
			7000 + (u64)(((__uint128_t)hour * 5592405) >> 24));
	/* 1/3 ns minus 1/(3 * 2^24): 214.6 us short of an hour. */
	KUNIT_EXPECT_EQ(test, kf_clock_ns(&tsc, 1000000 + hour),
			7000 + 3600ULL * 1000000000 - 214577);
}

/* In 32-bit halves, with the carry by hand. */
static u64 slow_ns(const struct kf_clock *c, u64 delta)
{
	u64 low = (delta & U32_MAX) * c->mult;
	u64 high = (delta >> 32) * c->mult + (low >> 32);
	u64 sum;

	low &= U32_MAX;
	sum = low + (c->base_cycles & U32_MAX);
	low = sum & U32_MAX;
	high += (c->base_cycles >> 32) + (sum >> 32);
	if (c->shift == 32)
		return high + c->offset;
	return (high << (32 - c->shift)) + (low >> c->shift) + c->offset;
}

static void every_shift_agrees_with_the_slow_way(struct kunit *test)
{
	u64 seed = 42;
	u32 shift;
	int i;

	for (shift = 0; shift <= 32; shift++) {
		for (i = 0; i < 1000; i++) {
			struct kf_clock c = { .mask = U64_MAX, .shift = shift };
			u64 delta;

			seed = seed * 6364136223846793005ULL +
			       1442695040888963407ULL;
			c.mult = seed >> 32;
			c.base_cycles = (seed >> 7) & ((1ULL << shift) - 1);
			c.offset = seed >> 3;
			c.cycle_last = seed << 11;
			/* The result stays below 2^63. */
			delta = (seed >> 13) & ((1ULL << (shift + 29)) - 1) &
				S64_MAX;
			KUNIT_ASSERT_EQ(test,
					kf_clock_ns(&c, c.cycle_last + delta),
					slow_ns(&c, delta));
		}
	}
}

/* Where the product, or only the sum, passes 2^64. */
static void sum_beyond_64_bits_is_exact(struct kunit *test)
{
	struct kf_clock c = { .mask = U64_MAX, .mult = U32_MAX, .shift = 32,
			      .base_cycles = (1000000000ULL << 32) - 1 };
	const u64 product = U64_MAX / c.mult;
	const u64 sum = (U64_MAX - c.base_cycles) / c.mult;
	s64 i;

	for (i = -2; i <= 2; i++) {
		KUNIT_EXPECT_EQ(test, kf_clock_ns(&c, product + i),
				slow_ns(&c, product + i));
		KUNIT_EXPECT_EQ(test, kf_clock_ns(&c, sum + i),
				slow_ns(&c, sum + i));
	}
}

/* The largest distance there is: half the range of a counter of 64 bits. */
static void longest_gap_is_exact_at_every_mult(struct kunit *test)
{
	u32 shift, bit;

	for (shift = 0; shift <= 32; shift++) {
		for (bit = 0; bit < 32; bit++) {
			struct kf_clock c = { .cycle_last = 1ULL << 63,
					      .mask = U64_MAX, .shift = shift,
					      .mult = U32_MAX >> bit };

			KUNIT_ASSERT_EQ(test, kf_clock_ns(&c, U64_MAX),
					mul_u64_u32_shr(S64_MAX, c.mult, shift));
		}
	}
}

static void offset_beyond_63_bits_wraps(struct kunit *test)
{
	struct kf_clock c = tsc;

	c.offset = (u64)S64_MAX;
	KUNIT_EXPECT_EQ(test, kf_clock_ns(&c, 1000004), 1ULL << 63);
	c.offset = U64_MAX;
	KUNIT_EXPECT_EQ(test, kf_clock_ns(&c, 1000004), 0ULL);
}

static void clock_never_runs_back(struct kunit *test)
{
	u64 cycles, last = 0;

	for (cycles = 999000; cycles < 1004000; cycles++) {
		u64 ns = kf_clock_ns(&tsc, cycles);

		KUNIT_ASSERT_GE(test, ns, last);
		last = ns;
	}
}

/* Both sides of a pair: the clock is that of the last update, and so is the counter. */
static void counter_behind_the_update_is_that_of_the_update(struct kunit *test)
{
	const struct kf_clock clock = { .cycle_last = 1000, .mask = U64_MAX,
					.mult = 1, .offset = 7 };
	u64 cycles = 999;

	KUNIT_EXPECT_EQ(test, kf_clock_pair(&clock, &cycles), 7ULL);
	KUNIT_EXPECT_EQ(test, cycles, 1000ULL);
	KUNIT_EXPECT_EQ(test, kf_clock_pair(&clock, &cycles), 7ULL);
	KUNIT_EXPECT_EQ(test, cycles, 1000ULL);
	cycles = 1001;
	KUNIT_EXPECT_EQ(test, kf_clock_pair(&clock, &cycles), 8ULL);
	KUNIT_EXPECT_EQ(test, cycles, 1001ULL);
}

static struct kunit_case raw_clock_cases[] = {
	KUNIT_CASE(at_the_update_it_shows_the_offset),
	KUNIT_CASE(it_advances_by_mult_and_shift),
	KUNIT_CASE(base_cycles_carry_the_fraction),
	KUNIT_CASE(counter_behind_counts_as_not_moved),
	KUNIT_CASE(narrow_counter_wraps),
	KUNIT_CASE(sixty_four_bits_wrap),
	KUNIT_CASE(half_the_range_is_the_border),
	KUNIT_CASE(hour_without_an_update_is_exact),
	KUNIT_CASE(every_shift_agrees_with_the_slow_way),
	KUNIT_CASE(sum_beyond_64_bits_is_exact),
	KUNIT_CASE(longest_gap_is_exact_at_every_mult),
	KUNIT_CASE(offset_beyond_63_bits_wraps),
	KUNIT_CASE(clock_never_runs_back),
	KUNIT_CASE(counter_behind_the_update_is_that_of_the_update),
	{}
};

static struct kunit_suite raw_clock_suite = {
	.name = "kvmclock_fix_raw_clock",
	.test_cases = raw_clock_cases,
};

kunit_test_suite(raw_clock_suite);

MODULE_DESCRIPTION("KUnit tests of the raw-clock arithmetic");
MODULE_LICENSE("GPL");
