/* SPDX-License-Identifier: GPL-2.0-only */
/* A clock of the timekeeper and its arithmetic, without kernel state. */
#ifndef KVMCLOCK_FIX_RAW_CLOCK_H
#define KVMCLOCK_FIX_RAW_CLOCK_H

#include <linux/compiler.h>
#include <linux/overflow.h>
#include <linux/types.h>

/**
 * struct kf_clock - one clock of the timekeeper
 * @vclock_mode: which counter it runs on (VDSO_CLOCKMODE_*)
 * @cycle_last:	 the counter at the last update
 * @mask:	 the counter's width
 * @mult:	 nanoseconds per cycle, shifted left by @shift
 * @shift:	 of @mult and @base_cycles
 * @base_cycles: nanoseconds at @cycle_last since @offset, shifted left by @shift
 * @offset:	 nanoseconds
 */
struct kf_clock {
	int vclock_mode;
	u64 cycle_last;
	u64 mask;
	u32 mult;
	u32 shift;
	u64 base_cycles;
	u64 offset;
};

/**
 * struct kf_raw_rate - the rate of the raw clock while the clocksource is the TSC
 * @mult:  nanoseconds per cycle, shifted left by @shift; 0 where the raw clock does not
 *	   count cycles of the TSC
 * @shift: of @mult
 */
struct kf_raw_rate {
	u32 mult;
	u32 shift;
};

/**
 * kf_clock_delta() - cycles since the last update
 * @clock:  the clock
 * @cycles: the counter's value
 *
 * A counter that is behind the last update by less than half its range has not wrapped.  A
 * CPU whose counter lags has read it, and the result is 0.
 *
 * Return: cycles.
 */
static inline u64 kf_clock_delta(const struct kf_clock *clock, u64 cycles)
{
	u64 delta = (cycles - clock->cycle_last) & clock->mask;

	return delta > clock->mask / 2 ? 0 : delta;
}

/* kf_clock_delta_ns() in 128 bits, which only a long gap needs. */
static noinline __maybe_unused u64 kf_clock_delta_ns_wide(const struct kf_clock *clock,
							  u64 delta)
{
	__uint128_t product = (__uint128_t)delta * clock->mult + clock->base_cycles;

	return (u64)(product >> clock->shift) + clock->offset;
}

/**
 * kf_clock_delta_ns() - the clock's value some cycles after the last update
 * @clock: the clock
 * @delta: cycles; see kf_clock_delta()
 *
 * Exact for any time since the last update: in 128 bits where 64 are too few.
 *
 * Return: nanoseconds.
 */
static inline u64 kf_clock_delta_ns(const struct kf_clock *clock, u64 delta)
{
	u64 shifted;

	if (likely(!check_mul_overflow(delta, (u64)clock->mult, &shifted) &&
		   !check_add_overflow(shifted, clock->base_cycles, &shifted)))
		return (shifted >> clock->shift) + clock->offset;
	return kf_clock_delta_ns_wide(clock, delta);
}

/* The clock's value at a counter value, nanoseconds. */
static inline u64 kf_clock_ns(const struct kf_clock *clock, u64 cycles)
{
	return kf_clock_delta_ns(clock, kf_clock_delta(clock, cycles));
}

/**
 * kf_clock_pair() - a clock's value and a value of the TSC that belong together
 * @clock:  a clock that counts the TSC, whose mask has all bits
 * @cycles: the TSC; becomes that of the last update where it is behind
 *
 * Return: nanoseconds.
 */
static inline u64 kf_clock_pair(const struct kf_clock *clock, u64 *cycles)
{
	u64 delta = *cycles - clock->cycle_last;

	if (unlikely((s64)delta < 0))
		delta = 0;
	*cycles = clock->cycle_last + delta;
	return kf_clock_delta_ns(clock, delta);
}

#endif /* KVMCLOCK_FIX_RAW_CLOCK_H */
