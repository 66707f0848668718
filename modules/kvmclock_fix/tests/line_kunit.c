// SPDX-License-Identifier: GPL-2.0-only
/*
 * Clock lines at random rates of a host.  Steps without the correction match the model, and
 * with it they are 0 or 1 ns.
 */
#include <kunit/test.h>
#include <linux/limits.h>
#include <linux/module.h>

#include "../line.c"
#include "../vm.h"
#include "rates.h"

/* 3 GHz: (cycles >> 1) * 2/3. */
static const struct kf_rate three_ghz = { .mul = 2863311530U, .shift = -1 };

/* The drift of the raw clock over @cycles by the model, in ns. */
static s64 model_ns(const struct kf_clock *raw, const struct kf_rate *rate,
		    u64 cycles)
{
	/* ns are cycles * mult / 2^shift and cycles * mul / 2^(32 - rate->shift). */
	__int128 fast = (__int128)cycles * raw->mult << (40 - raw->shift);
	__int128 slow = (__int128)cycles * rate->mul << (8 + rate->shift);

	return (s64)((fast - slow) >> 40);
}

static void rate_is_the_guests_arithmetic(struct kunit *test)
{
	const struct kf_rate slow = { .mul = 1U << 31, .shift = 1 };

	KUNIT_EXPECT_EQ(test, kf_rate_ns(&three_ghz, 0), 0ULL);
	KUNIT_EXPECT_EQ(test, kf_rate_ns(&three_ghz, 1), 0ULL);
	KUNIT_EXPECT_EQ(test, kf_rate_ns(&three_ghz, 4), 1ULL);
	KUNIT_EXPECT_EQ(test, kf_rate_ns(&three_ghz, 3000000000ULL),
			(u64)((__uint128_t)1500000000 * 2863311530U >> 32));
	KUNIT_EXPECT_EQ(test, kf_rate_ns(&slow, 77), 77ULL);
	/* A product above 64 bits, and a shift that loses bits. */
	KUNIT_EXPECT_EQ(test, kf_rate_ns(&slow, 1ULL << 62), 1ULL << 62);
	KUNIT_EXPECT_EQ(test, kf_rate_ns(&slow, (1ULL << 63) + 2), 2ULL);
}

static void lost_cycles_are_those_of_the_shift(struct kunit *test)
{
	const struct kf_rate quarter = { .mul = 1U << 31, .shift = -2 };
	const struct kf_rate twice = { .mul = 1U << 31, .shift = 1 };

	KUNIT_EXPECT_EQ(test, kf_rate_lost_cycles(&quarter, 7), 3ULL);
	KUNIT_EXPECT_EQ(test, kf_rate_lost_cycles(&quarter, 8), 0ULL);
	KUNIT_EXPECT_EQ(test, kf_rate_lost_cycles(&three_ghz, 9), 1ULL);
	KUNIT_EXPECT_EQ(test, kf_rate_lost_cycles(&twice, 9), 0ULL);
}

static void line_before_its_start_has_the_start_value(struct kunit *test)
{
	const struct kf_line line = { .tsc = 1000, .ns = 5, .rate = three_ghz };

	KUNIT_EXPECT_EQ(test, kf_line_ns(&line, 999), 5LL);
	KUNIT_EXPECT_EQ(test, kf_line_ns(&line, 1000), 5LL);
	KUNIT_EXPECT_EQ(test, kf_line_ns(&line, 4001000), 5LL + 1333333);
}

static void step_is_new_minus_old(struct kunit *test)
{
	struct kf_line old = { .tsc = 0, .ns = 100, .rate = three_ghz };
	struct kf_line new = { .tsc = 3000000, .ns = 1000100, .rate = three_ghz };

	KUNIT_EXPECT_EQ(test, kf_line_step(&old, &new), 1LL);
	new.ns -= 500;
	KUNIT_EXPECT_EQ(test, kf_line_step(&old, &new), -499LL);
	old.ns = S64_MIN / 2;
	new.ns = old.ns + 999999;
	KUNIT_EXPECT_EQ(test, kf_line_step(&old, &new), 0LL);
}

static void backwards_tsc_and_other_rates_are_not_continuable(struct kunit *test)
{
	const struct kf_line old = { .tsc = 1000, .rate = three_ghz };
	struct kf_line new = old;

	KUNIT_EXPECT_TRUE(test, kf_line_is_continuable(&old, &new));
	new.tsc = 999;
	KUNIT_EXPECT_FALSE(test, kf_line_is_continuable(&old, &new));
	new.tsc = 1001;
	KUNIT_EXPECT_TRUE(test, kf_line_is_continuable(&old, &new));
	new.rate.mul++;
	KUNIT_EXPECT_FALSE(test, kf_line_is_continuable(&old, &new));
	new.rate = old.rate;
	new.rate.shift++;
	KUNIT_EXPECT_FALSE(test, kf_line_is_continuable(&old, &new));
}

static void tscs_differ_by_each_of_their_parts(struct kunit *test)
{
	const struct kf_tsc a = { .ratio = 1, .khz = 2, .host_khz = 3 };
	struct kf_tsc b = a;

	KUNIT_EXPECT_TRUE(test, kf_tsc_is_same(&a, &b));
	b.ratio++;
	KUNIT_EXPECT_FALSE(test, kf_tsc_is_same(&a, &b));
	b = a;
	b.khz++;
	KUNIT_EXPECT_FALSE(test, kf_tsc_is_same(&a, &b));
	b = a;
	b.host_khz++;
	KUNIT_EXPECT_FALSE(test, kf_tsc_is_same(&a, &b));
}

/* A masterclock update: @old began at its tsc, the raw clock is read at @tsc. */
static struct kf_line snapshot(const struct kf_clock *raw,
			       const struct kf_line *old, u64 tsc)
{
	return (struct kf_line){ .tsc = tsc, .ns = kf_clock_ns(raw, tsc),
				 .rate = old->rate };
}

static void uncorrected_line_steps_as_the_model_says(struct kunit *test)
{
	struct random r = seeded(test);
	u64 hz, cycles, interval;
	int i, stepped = 0;

	for (i = 0; i < RATES; i++) {
		struct kf_clock raw;
		struct kf_line old = { }, new;
		s64 step, model;

		hz = random_hz(&r);
		raw = raw_of(hz);
		old.rate = page_rate(hz);
		/* Up to 40 hours. */
		interval = 1 + next_random(&r) % 144000;
		cycles = hz * interval + next_random(&r) % hz;
		new = snapshot(&raw, &old, cycles);
		step = kf_line_step(&old, &new);
		model = model_ns(&raw, &old.rate, cycles);
		KUNIT_ASSERT_LE(test, abs(step - model), 2LL);
		/* 0.24 ppm of the interval, and what rounding adds. */
		KUNIT_ASSERT_LE(test, abs(step), (s64)(interval + 1) * 240 + 2);
		stepped += abs(step) > 1;
	}
	KUNIT_EXPECT_GT(test, stepped, RATES / 2);
}

/* The new line is 0 or 1 ns ahead of the old one, now and later. */
static void expect_continues(struct kunit *test, const struct kf_line *old,
			     const struct kf_line *new, struct random *r)
{
	int i;

	for (i = 0; i < 64; i++) {
		u64 tsc = new->tsc + (i < 32 ? i : next_random(r) >> (i - 32));
		s64 ahead = kf_line_ns(new, tsc) - kf_line_ns(old, tsc);

		KUNIT_ASSERT_GE(test, ahead, 0LL);
		KUNIT_ASSERT_LE(test, ahead, 1LL);
	}
}

/* Each line continues the first one, so rounding errors do not add up. */
static void corrected_line_continues_within_1_ns(struct kunit *test)
{
	struct random r = seeded(test);
	int i, n;

	for (i = 0; i < RATES; i++) {
		u64 hz = random_hz(&r);
		struct kf_clock raw = raw_of(hz);
		struct kf_line first = { .rate = page_rate(hz) }, last, new;
		u64 tsc = next_random(&r) >> 20;

		first.tsc = tsc;
		last = first;
		for (n = 0; n < 20; n++) {
			s64 step;

			tsc += 1 + next_random(&r) % (hz * 4);
			tsc -= kf_rate_lost_cycles(&first.rate, tsc - first.tsc);
			new = snapshot(&raw, &first, tsc);
			new.ns = kf_rebase_ns(&first, &new);
			expect_continues(test, &first, &new, &r);
			step = kf_line_step(&last, &new);
			KUNIT_ASSERT_GE(test, step, 0LL);
			KUNIT_ASSERT_LE(test, step, 1LL);
			last = new;
		}
	}
}

/* Where a cycle is lost: at most 2 ns ahead, never behind. */
static void unaligned_line_is_never_behind(struct kunit *test)
{
	struct random r = seeded(test);
	int i, n;

	for (i = 0; i < RATES; i++) {
		struct kf_line old = { .rate = page_rate(random_hz(&r)) }, new;

		new = old;
		new.tsc = next_random(&r) >> (i % 40);
		new.ns = kf_rebase_ns(&old, &new);
		for (n = 0; n < 64; n++) {
			u64 tsc = new.tsc + n + (next_random(&r) & 0xfffff);
			s64 ahead = kf_line_ns(&new, tsc) - kf_line_ns(&old, tsc);

			KUNIT_ASSERT_GE(test, ahead, 0LL);
			KUNIT_ASSERT_LE(test, ahead, 2LL);
		}
	}
}

static void rebase_is_never_negative(struct kunit *test)
{
	const struct kf_line old = { .ns = -1000, .rate = three_ghz };
	struct kf_line new = { .tsc = 300, .ns = -70, .rate = three_ghz };

	KUNIT_EXPECT_EQ(test, kf_rebase_ns(NULL, &new), 0LL);
	KUNIT_EXPECT_EQ(test, kf_rebase_ns(&old, &new), 0LL);
	new.ns = 70;
	KUNIT_EXPECT_EQ(test, kf_rebase_ns(NULL, &new), 70LL);
}

static void scale_is_a_fraction_of_bits(struct kunit *test)
{
	const struct kf_scale one = { .ratio = 1 };
	const struct kf_scale half = { .ratio = 1ULL << 31, .bits = 32 };
	const struct kf_scale double_48 = { .ratio = 1ULL << 49, .bits = 48 };

	KUNIT_EXPECT_EQ(test, kf_scale_cycles(&one, U64_MAX), U64_MAX);
	KUNIT_EXPECT_EQ(test, kf_scale_cycles(&half, U64_MAX), (u64)S64_MAX);
	KUNIT_EXPECT_EQ(test, kf_scale_cycles(&half, 3), 1ULL);
	KUNIT_EXPECT_EQ(test, kf_scale_cycles(&double_48, 1ULL << 62), 1ULL << 63);
}

static struct kunit_case line_cases[] = {
	KUNIT_CASE(rate_is_the_guests_arithmetic),
	KUNIT_CASE(lost_cycles_are_those_of_the_shift),
	KUNIT_CASE(line_before_its_start_has_the_start_value),
	KUNIT_CASE(scale_is_a_fraction_of_bits),
	KUNIT_CASE(step_is_new_minus_old),
	KUNIT_CASE(backwards_tsc_and_other_rates_are_not_continuable),
	KUNIT_CASE(tscs_differ_by_each_of_their_parts),
	KUNIT_CASE(uncorrected_line_steps_as_the_model_says),
	KUNIT_CASE(corrected_line_continues_within_1_ns),
	KUNIT_CASE(unaligned_line_is_never_behind),
	KUNIT_CASE(rebase_is_never_negative),
	{}
};

static struct kunit_suite line_suite = {
	.name = "kvmclock_fix_line",
	.test_cases = line_cases,
};

kunit_test_suite(line_suite);

MODULE_DESCRIPTION("KUnit tests of clock lines");
MODULE_LICENSE("GPL");
