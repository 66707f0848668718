// SPDX-License-Identifier: GPL-2.0-only
/* What is corrected of a VM's clock, and what the known rates do not explain. */
#include <kunit/test.h>
#include <linux/limits.h>
#include <linux/module.h>

#include "../line.c"
#include "rates.h"

#define GHZ 1000000000ULL
#define DAY 86400ULL

/* A host and a VM on it.  The raw clock is 0 at cycle 0. */
struct machine {
	u64 hz;
	struct kf_clock raw;
	struct kf_rates rates;
	struct kf_vm_line vl;
	s64 offset;
	s64 refused;
	unsigned int refusals;
};

static struct machine machine_of(u64 hz, const struct kf_scale *scale, u64 guest_hz)
{
	const struct kf_rate rate = page_rate(guest_hz);
	struct machine m = { .hz = hz, .raw = raw_of(hz) };
	const struct kf_raw_rate raw = { .mult = m.raw.mult, .shift = m.raw.shift };

	m.rates = kf_rates_of(&rate, scale, &raw, div64_u64(hz, 1000));
	return m;
}

static struct machine plain_machine(u64 hz)
{
	const struct kf_scale none = { .ratio = 1 };

	return machine_of(hz, &none, hz);
}

/* SVM's ratio, and the rate in kHz that KVM computes from it. */
static struct machine scaled_machine(u32 khz, u32 guest_khz)
{
	const struct kf_scale scale = {
		.ratio = div64_u64((u64)guest_khz << 32, khz), .bits = 32,
	};
	u64 truncated = mul_u64_u64_shr(khz, scale.ratio, scale.bits);

	return machine_of(khz * 1000ULL, &scale, truncated * 1000);
}

static s64 apply(struct machine *m, struct kf_add add)
{
	m->offset += add.ns;
	m->refused = add.refused;
	m->refusals += !!add.refused;
	return add.ns;
}

/* The VM's clock as KVM computes it at a TSC of the host. */
static struct kf_line host_line(const struct machine *m, u64 cycles)
{
	return (struct kf_line){
		.tsc = kf_scale_cycles(&m->rates.scale, cycles),
		.ns = kf_clock_ns(&m->raw, cycles) + m->offset,
		.rate = m->rates.rate,
	};
}

static struct kf_master master_at(const struct machine *m, bool on, u64 cycles)
{
	return (struct kf_master){ .on = on, .ns = host_line(m, cycles).ns,
				   .cycles = cycles };
}

/* A masterclock update.  Return: what was added. */
static s64 rebase(struct machine *m, bool was_on, u64 before, bool on, u64 cycles)
{
	struct kf_master old = master_at(m, was_on, before);
	struct kf_master new = master_at(m, on, cycles);

	return apply(m, kf_vm_line_rebase(&m->vl, &m->rates, &old, &new, false));
}

/* A publish off the TSC whose clocks are read @noise ns apart. */
static s64 publish_away(struct machine *m, u64 cycles, s64 noise)
{
	struct kf_line line = host_line(m, cycles);

	line.ns += noise;
	return apply(m, kf_vm_line_track_host(&m->vl, &m->rates, &line, cycles));
}

static void noise_off_the_tsc_does_not_add_up(struct kunit *test)
{
	struct machine m = plain_machine(3 * GHZ);
	struct random r = seeded(test);
	s64 left, noise;
	int i;

	rebase(&m, true, 0, true, GHZ);
	publish_away(&m, 2 * GHZ, 2000);
	left = m.offset;
	for (i = 1; i <= 20000; i++) {
		/* Jitter of 30 ns, and now and then 2 us. */
		noise = next_random(&r) % (i % 16 ? 30 : 2000);
		publish_away(&m, 2 * GHZ + i * 3000000ULL, noise);
	}
	KUNIT_EXPECT_LT(test, abs(m.offset - left), 1000LL);
	KUNIT_EXPECT_EQ(test, m.refusals, 0U);
}

static void noise_without_any_line_does_not_add_up(struct kunit *test)
{
	struct machine m = plain_machine(3 * GHZ);
	struct random r = seeded(test);
	int i;

	for (i = 1; i <= 20000; i++)
		publish_away(&m, i * 3000000ULL, next_random(&r) % 2000);
	KUNIT_EXPECT_EQ(test, m.offset, 0LL);
}

/* The rate at which lines get ahead of the raw clock fastest, of a few. */
static struct machine fast_machine(void)
{
	struct machine best = plain_machine(3 * GHZ), m;
	u64 khz;

	for (khz = 2400000; khz < 2400200; khz++) {
		m = plain_machine(khz * 1000);
		if (m.rates.gain > best.rates.gain)
			best = m;
	}
	return best;
}

static void line_that_is_left_is_continued_once(struct kunit *test)
{
	struct machine m = fast_machine();
	const u64 begin = m.hz, end = 1800 * m.hz;
	struct kf_line left;
	s64 add;

	rebase(&m, true, 0, true, begin);
	left = m.vl.line;
	add = publish_away(&m, end, 0);
	KUNIT_EXPECT_GT(test, add, 1000LL);
	KUNIT_EXPECT_LE(test, add, kf_rates_gain_ns(&m.rates, end - begin) + 2);
	KUNIT_EXPECT_GE(test, m.vl.line.ns, kf_line_ns(&left, m.vl.line.tsc));
	KUNIT_EXPECT_EQ(test, publish_away(&m, end + m.hz, 0), 0LL);
	KUNIT_EXPECT_EQ(test, m.refusals, 0U);
}

static void jump_of_another_clocksource_is_refused(struct kunit *test)
{
	struct machine m = plain_machine(3 * GHZ);

	rebase(&m, true, 0, true, GHZ);
	KUNIT_EXPECT_EQ(test, publish_away(&m, 2 * GHZ, -NSEC_PER_MSEC), 0LL);
	KUNIT_EXPECT_EQ(test, m.refusals, 1U);
	KUNIT_EXPECT_GE(test, m.refused, (s64)NSEC_PER_MSEC);
}

static void absence_has_one_budget(struct kunit *test)
{
	struct machine m = plain_machine(3 * GHZ);
	struct kf_line line;
	s64 away, back;

	rebase(&m, true, 0, true, 0);
	away = publish_away(&m, GHZ, -6000);
	KUNIT_EXPECT_GT(test, away, 5000LL);
	/* What is left is not enough for as much again. */
	line = host_line(&m, 2 * GHZ);
	line.ns = kf_line_ns(&m.vl.line, line.tsc) - 6000;
	back = apply(&m, kf_vm_line_begin(&m.vl, &line, 2 * GHZ));
	KUNIT_EXPECT_EQ(test, back, 0LL);
	KUNIT_EXPECT_EQ(test, m.refused, 6001LL);
}

static void return_to_the_tsc_is_not_behind(struct kunit *test)
{
	struct machine m = plain_machine(3 * GHZ);
	struct kf_line line;

	rebase(&m, true, 0, true, 0);
	publish_away(&m, GHZ, 0);
	line = host_line(&m, 2 * GHZ);
	line.ns = kf_line_ns(&m.vl.line, line.tsc) - 3000;
	KUNIT_EXPECT_EQ(test, apply(&m, kf_vm_line_begin(&m.vl, &line, 2 * GHZ)),
			3001LL);
	KUNIT_EXPECT_TRUE(test, m.vl.valid);
	KUNIT_EXPECT_FALSE(test, m.vl.away);
}

static void drift_is_corrected_at_any_rate(struct kunit *test)
{
	struct random r = seeded(test);
	int i;

	for (i = 0; i < RATES; i++) {
		struct machine m = plain_machine(random_hz(&r));
		u64 begin = next_random(&r) >> 20, end;
		struct kf_line first;

		end = begin + 1 + next_random(&r) % (m.hz * 30 * DAY);
		rebase(&m, true, begin, true, begin);
		first = m.vl.line;
		rebase(&m, true, begin, true, end);
		KUNIT_ASSERT_EQ(test, m.refusals, 0U);
		KUNIT_ASSERT_GE(test, m.vl.page.ns, kf_line_ns(&first, m.vl.page.tsc));
		KUNIT_ASSERT_LE(test, m.vl.page.ns - kf_line_ns(&first, m.vl.page.tsc),
				1LL);
	}
}

static void drift_of_a_scaled_guest_is_corrected(struct kunit *test)
{
	static const u32 khz[][2] = {
		{ 2500000, 2400000 }, { 2900000, 1000100 }, { 3000001, 1999999 },
		{ 2100000, 3400000 },
	};
	unsigned int i, day;

	for (i = 0; i < ARRAY_SIZE(khz); i++) {
		struct machine m = scaled_machine(khz[i][0], khz[i][1]);
		u64 last = 0, now;

		rebase(&m, true, 0, true, 0);
		for (day = 1; day <= 30; day += day) {
			now = day * DAY * m.hz;
			rebase(&m, true, last, true, now);
			last = now;
		}
		KUNIT_EXPECT_EQ(test, m.refusals, 0U);
	}
}

/* KVM_GET_CLOCK since a masterclock update: by the host's rate in kHz. */
static s64 get_clock_gain(const struct machine *m, u64 cycles)
{
	return mul_u64_u64_div_u64(cycles, NSEC_PER_SEC, m->hz);
}

/*
 * KVM publishes every five minutes.  Then a page that is apart from KVM_GET_CLOCK leads to
 * a masterclock update.
 */
static s64 most_apart(struct machine *m, unsigned int days)
{
	const u64 period = 300 * m->hz;
	u64 now, start = 0;
	s64 apart, most = 0;

	for (now = period; now < days * DAY * m->hz; now += period) {
		apart = kf_rate_ns(&m->rates.rate,
				   kf_scale_cycles(&m->rates.scale, now - start)) -
			get_clock_gain(m, now - start);
		most = max_t(s64, most, abs(apart));
		if (!kf_rates_is_apart(&m->rates, now - start))
			continue;
		rebase(m, true, start, true, now);
		start = now;
	}
	return most;
}

static void get_clock_of_a_scaled_guest_stays_near(struct kunit *test)
{
	static const u32 khz[][2] = {
		{ 2500000, 2400000 }, { 2100000, 3400000 }, { 3000001, 1999999 },
		{ 2199998, 2593904 }, { 2000000, 2000001 },
	};
	struct machine m;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(khz); i++) {
		m = scaled_machine(khz[i][0], khz[i][1]);
		KUNIT_EXPECT_LT(test, most_apart(&m, 30), 200000LL);
		KUNIT_EXPECT_EQ(test, m.refusals, 0U);
	}
	/* 1 ppm is the most that whole kHz make, of a guest at 1 GHz. */
	m = scaled_machine(2900000, 1000100);
	KUNIT_EXPECT_LE(test, most_apart(&m, 30), 300000LL);
	/* The two rates of an unscaled guest are the same. */
	m = fast_machine();
	KUNIT_EXPECT_FALSE(test, kf_rates_is_apart(&m.rates, 30 * DAY * m.hz));
}

/* An update may begin a few cycles before the last publish. */
static void update_just_before_the_last_publish_is_explained(struct kunit *test)
{
	struct machine m = fast_machine();
	struct kf_line now;
	struct kf_add add;

	rebase(&m, true, 0, false, m.hz);
	now = host_line(&m, 2 * m.hz);
	KUNIT_EXPECT_TRUE(test, kf_vm_line_extrapolate(&m.vl, &m.rates, &now,
						       2 * m.hz, &add));
	apply(&m, add);
	rebase(&m, false, m.hz, true, 2 * m.hz - 10);
	KUNIT_EXPECT_EQ(test, m.refusals, 0U);
}

/* A jump of the raw clock in both directions: the VM follows KVM's clock. */
static void jump_of_the_raw_clock_is_refused(struct kunit *test)
{
	static const s64 jumps[] = { 2000, -2000, NSEC_PER_SEC, -(s64)NSEC_PER_SEC };
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(jumps); i++) {
		struct machine m = plain_machine(3 * GHZ);
		struct kf_master old, new;
		s64 ns;

		m.offset = 10 * NSEC_PER_SEC;
		rebase(&m, true, 0, true, 0);
		old = master_at(&m, true, 0);
		new = master_at(&m, true, 3 * GHZ);
		ns = new.ns + jumps[i];
		new.ns = ns;
		apply(&m, kf_vm_line_rebase(&m.vl, &m.rates, &old, &new, false));
		KUNIT_EXPECT_EQ(test, m.offset, (s64)(10 * NSEC_PER_SEC));
		KUNIT_EXPECT_EQ(test, m.refusals, 1U);
		KUNIT_EXPECT_LE(test, abs(m.refused + jumps[i]), 1000LL);
		KUNIT_EXPECT_EQ(test, m.vl.page.ns, ns);
		KUNIT_EXPECT_EQ(test, m.vl.line.ns, ns);
	}
}

/* Without the raw clock's rate, KVM's kHz may be wrong by one, and no more. */
static void unknown_rate_is_bounded_by_one_khz(struct kunit *test)
{
	const struct kf_scale none = { .ratio = 1 };
	const struct kf_rate rate = page_rate(2 * GHZ);
	const struct kf_raw_rate raw = { };
	const struct kf_rates rates = kf_rates_of(&rate, &none, &raw, 2000000);

	KUNIT_EXPECT_EQ(test, rates.gain, 0LL);
	/* A second: 500 ns, and rounding. */
	KUNIT_EXPECT_TRUE(test, kf_rates_explain(&rates, 2 * GHZ, 1490));
	KUNIT_EXPECT_TRUE(test, kf_rates_explain(&rates, 2 * GHZ, -1490));
	KUNIT_EXPECT_FALSE(test, kf_rates_explain(&rates, 2 * GHZ, 1510));
	KUNIT_EXPECT_FALSE(test, kf_rates_explain(&rates, 2 * GHZ, -1510));
	KUNIT_EXPECT_FALSE(test, kf_rates_explain(&rates, 2 * GHZ, S64_MIN));
}

static void publish_raises_what_the_rates_explain(struct kunit *test)
{
	struct machine m = plain_machine(3 * GHZ);
	struct kf_line line;

	rebase(&m, true, 0, true, 0);
	line = host_line(&m, 3 * GHZ);
	line.ns -= 500;
	KUNIT_EXPECT_GE(test, apply(&m, kf_vm_line_publish(&m.vl, &m.rates, &line,
							   3 * GHZ)), 300LL);
	KUNIT_EXPECT_EQ(test, m.refusals, 0U);
	line = host_line(&m, 6 * GHZ);
	line.ns -= 50000;
	KUNIT_EXPECT_EQ(test, apply(&m, kf_vm_line_publish(&m.vl, &m.rates, &line,
							   6 * GHZ)), 0LL);
	KUNIT_EXPECT_EQ(test, m.refusals, 1U);
	KUNIT_EXPECT_EQ(test, m.vl.page.ns, line.ns);
}

static void negative_clock_is_raised_in_any_case(struct kunit *test)
{
	struct machine m = plain_machine(3 * GHZ);
	struct kf_line line;

	m.offset = -(s64)NSEC_PER_SEC * 3600;
	KUNIT_EXPECT_GT(test, publish_away(&m, GHZ, 0), 0LL);
	KUNIT_EXPECT_EQ(test, m.vl.line.ns, 0LL);
	m.offset = -(s64)NSEC_PER_SEC * 3600;
	m.vl = (struct kf_vm_line){ };
	line = host_line(&m, GHZ);
	apply(&m, kf_vm_line_publish(&m.vl, &m.rates, &line, GHZ));
	KUNIT_EXPECT_EQ(test, line.ns, 0LL);
	m.offset = -(s64)NSEC_PER_SEC * 3600;
	m.vl = (struct kf_vm_line){ };
	rebase(&m, false, 0, true, 2 * GHZ);
	KUNIT_EXPECT_GE(test, m.vl.page.ns, 0LL);
	KUNIT_EXPECT_EQ(test, m.refusals, 0U);
}

/* Readers of the offset must not see the clock run back. */
static void offset_is_lowered_only_from_the_master_clock(struct kunit *test)
{
	const struct kf_scale none = { .ratio = 1 };
	struct machine m = plain_machine(3 * GHZ);
	const u64 day = DAY * 3 * GHZ;
	const struct kf_raw_rate raw = { .mult = m.raw.mult + 1, .shift = m.raw.shift };

	/* A raw clock that is faster than the line: it falls behind. */
	m.raw.mult++;
	m.rates = kf_rates_of(&m.rates.rate, &none, &raw, 3000000);
	rebase(&m, true, 0, true, 0);
	KUNIT_EXPECT_LT(test, rebase(&m, true, 0, false, day), -1000LL);
	KUNIT_EXPECT_EQ(test, rebase(&m, false, day, false, 2 * day), 0LL);
	KUNIT_EXPECT_FALSE(test, m.vl.valid);
	m.vl = (struct kf_vm_line){ };
	rebase(&m, true, 0, false, day);
	KUNIT_EXPECT_GE(test, rebase(&m, false, day, true, 2 * day), -50LL);
	KUNIT_EXPECT_TRUE(test, m.vl.valid);
	KUNIT_EXPECT_EQ(test, m.refusals, 0U);
}

static void leaving_the_tsc_moves_nothing(struct kunit *test)
{
	struct machine m = fast_machine();
	struct kf_master old = master_at(&m, true, m.hz);
	struct kf_add add;

	add = kf_vm_line_rebase(&m.vl, &m.rates, &old, NULL, false);
	KUNIT_EXPECT_EQ(test, add.ns, 0LL);
	KUNIT_EXPECT_EQ(test, add.refused, 0LL);
	/* The old master clock's line is the one that is left. */
	KUNIT_EXPECT_TRUE(test, m.vl.valid);
	KUNIT_EXPECT_GT(test, publish_away(&m, 1800 * m.hz, 0), 1000LL);
}

static void extrapolation_stays_on_the_line(struct kunit *test)
{
	struct machine m = fast_machine();
	struct kf_line now;
	struct kf_add add;
	u64 cycles;
	int i;

	rebase(&m, true, 0, false, m.hz);
	for (i = 2; i < 100; i++) {
		cycles = i * m.hz;
		now = host_line(&m, cycles);
		KUNIT_ASSERT_TRUE(test, kf_vm_line_extrapolate(&m.vl, &m.rates, &now,
							       cycles, &add));
		apply(&m, add);
		KUNIT_ASSERT_EQ(test, host_line(&m, cycles).ns,
				kf_line_ns(&m.vl.line, now.tsc));
	}
	now = host_line(&m, 100 * m.hz);
	now.ns -= 5000;
	KUNIT_EXPECT_FALSE(test, kf_vm_line_extrapolate(&m.vl, &m.rates, &now,
							100 * m.hz, &add));
	KUNIT_EXPECT_EQ(test, add.ns, 0LL);
	KUNIT_EXPECT_GT(test, add.refused, 4900LL);
}

/* Both paths leave the same state, and the fast one changes none that it refuses. */
static void fast_update_decides_as_the_slow_one(struct kunit *test)
{
	struct random r = seeded(test);
	unsigned int round, taken = 0;

	for (round = 0; round < RATES; round++) {
		struct machine m = plain_machine(random_hz(&r));
		u64 cycles = 1 + next_random(&r) % m.hz;
		struct kf_master old = master_at(&m, round % 3, 0), new, at;
		struct machine slow;
		struct kf_add add;
		s64 ns = 0;

		rebase(&m, true, 0, true, 0);
		slow = m;
		new = master_at(&m, round % 5, cycles);
		if (round % 8 == 0)
			new.ns += (s64)(next_random(&r) % 4000) - 2000;
		at = new;
		add = kf_vm_line_rebase(&slow.vl, &slow.rates, &old, &new, false);
		if (!kf_vm_line_continue(&m.vl, &m.rates, old.on, &at, &ns)) {
			KUNIT_EXPECT_TRUE(test, add.refused || !old.on);
			KUNIT_EXPECT_EQ(test, ns, 0LL);
			KUNIT_EXPECT_EQ(test, at.cycles, cycles);
			KUNIT_EXPECT_EQ(test, m.vl.cycles, 0ULL);
			continue;
		}
		taken++;
		KUNIT_EXPECT_EQ(test, ns, add.ns);
		KUNIT_EXPECT_EQ(test, add.refused, 0LL);
		KUNIT_EXPECT_EQ(test, at.cycles, new.cycles);
		KUNIT_EXPECT_EQ(test, m.vl.agreed, slow.vl.agreed);
		KUNIT_EXPECT_EQ(test, m.vl.cycles, slow.vl.cycles);
		KUNIT_EXPECT_EQ(test, m.vl.cached, slow.vl.cached);
		KUNIT_EXPECT_TRUE(test, kf_line_is_same(&m.vl.page, &slow.vl.page));
		KUNIT_EXPECT_TRUE(test, kf_line_is_same(&m.vl.line, &slow.vl.line));
	}
	/* Half of the jumps are not explained. */
	KUNIT_EXPECT_GT(test, taken, RATES * 7 / 8);
	KUNIT_EXPECT_LT(test, taken, RATES);
}

/* A scaled guest, one without a line and one with another rate take the slow path. */
static void fast_update_takes_only_what_continues(struct kunit *test)
{
	struct machine m = scaled_machine(2500000, 2400000);
	struct kf_master at = { .on = true, .ns = 5 * NSEC_PER_SEC, .cycles = 3 * GHZ };
	s64 add;

	rebase(&m, true, 0, true, 0);
	KUNIT_EXPECT_FALSE(test, kf_vm_line_continue(&m.vl, &m.rates, true, &at, &add));
	m = plain_machine(3 * GHZ);
	KUNIT_EXPECT_FALSE(test, kf_vm_line_continue(&m.vl, &m.rates, true, &at, &add));
	rebase(&m, true, 0, true, at.cycles + 1);
	KUNIT_EXPECT_FALSE(test, kf_vm_line_continue(&m.vl, &m.rates, true, &at, &add));
	m = plain_machine(3 * GHZ);
	rebase(&m, true, 0, true, 0);
	m.rates.rate.mul++;
	at.ns = NSEC_PER_SEC;
	KUNIT_EXPECT_FALSE(test, kf_vm_line_continue(&m.vl, &m.rates, true, &at, &add));
}

static struct kunit_case correct_cases[] = {
	KUNIT_CASE(noise_off_the_tsc_does_not_add_up),
	KUNIT_CASE(noise_without_any_line_does_not_add_up),
	KUNIT_CASE(line_that_is_left_is_continued_once),
	KUNIT_CASE(jump_of_another_clocksource_is_refused),
	KUNIT_CASE(absence_has_one_budget),
	KUNIT_CASE(return_to_the_tsc_is_not_behind),
	KUNIT_CASE(drift_is_corrected_at_any_rate),
	KUNIT_CASE(drift_of_a_scaled_guest_is_corrected),
	KUNIT_CASE(get_clock_of_a_scaled_guest_stays_near),
	KUNIT_CASE(update_just_before_the_last_publish_is_explained),
	KUNIT_CASE(jump_of_the_raw_clock_is_refused),
	KUNIT_CASE(unknown_rate_is_bounded_by_one_khz),
	KUNIT_CASE(publish_raises_what_the_rates_explain),
	KUNIT_CASE(negative_clock_is_raised_in_any_case),
	KUNIT_CASE(offset_is_lowered_only_from_the_master_clock),
	KUNIT_CASE(leaving_the_tsc_moves_nothing),
	KUNIT_CASE(extrapolation_stays_on_the_line),
	KUNIT_CASE(fast_update_decides_as_the_slow_one),
	KUNIT_CASE(fast_update_takes_only_what_continues),
	{}
};

static struct kunit_suite correct_suite = {
	.name = "kvmclock_fix_correct",
	.test_cases = correct_cases,
};

kunit_test_suite(correct_suite);

MODULE_DESCRIPTION("KUnit tests of corrections of a clock line");
MODULE_LICENSE("GPL");
