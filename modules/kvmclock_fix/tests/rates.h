/* SPDX-License-Identifier: GPL-2.0-only */
/* Rates of pages and of the raw clock for the tests of clock lines. */
#ifndef KVMCLOCK_FIX_TESTS_RATES_H
#define KVMCLOCK_FIX_TESTS_RATES_H

#include <kunit/test.h>
#include <linux/clocksource.h>
#include <linux/math64.h>
#include <linux/random.h>

#include "../line.h"
#include "../raw_clock.h"

#define RATES 1000
#define SECOND 1000000000ULL

/* The rate in a page for a TSC of @hz, 1 GHz or more: mul is at least 2^31. */
static inline struct kf_rate page_rate(u64 hz)
{
	struct kf_rate rate = { };

	while (hz >> -rate.shift > 2 * SECOND)
		rate.shift--;
	rate.mul = div64_u64(SECOND << 32, hz >> -rate.shift);
	return rate;
}

/* The timekeeper's CLOCK_MONOTONIC_RAW for the same TSC. */
static inline struct kf_clock raw_of(u64 hz)
{
	struct kf_clock raw = { .mask = U64_MAX };

	clocks_calc_mult_shift(&raw.mult, &raw.shift, div64_u64(hz, 1000),
			       NSEC_PER_MSEC, 600 * 1000);
	return raw;
}

struct random {
	u64 state;
};

static inline u64 next_random(struct random *r)
{
	r->state = r->state * 6364136223846793005ULL + 1442695040888963407ULL;
	return r->state >> 11;
}

static inline struct random seeded(struct kunit *test)
{
	struct random r = { .state = get_random_u64() };

	kunit_info(test, "seed %llu\n", r.state);
	return r;
}

/* A rate from 1 to 5 GHz in whole kHz. */
static inline u64 random_hz(struct random *r)
{
	return (1000001 + next_random(r) % 3999999) * 1000;
}

#endif /* KVMCLOCK_FIX_TESTS_RATES_H */
