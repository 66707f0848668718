/* SPDX-License-Identifier: GPL-2.0-only */
/* A clock as the timekeeper keeps it, and the arithmetic on it, without kernel state. */
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
 * @mult:	 with @shift: nanoseconds for each cycle
 * @shift:	 see @mult
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
 * kf_clock_delta() - cycles since the last update
 * @clock:  the clock
 * @cycles: the counter's value
 *
 * A counter that is behind the last update by less than half its range has not
 * wrapped: it was read on a CPU that lags, and counts as not having moved.
 *
 * Return: cycles.
 */
static inline u64 kf_clock_delta(const struct kf_clock *clock, u64 cycles)
{
	u64 delta = (cycles - clock->cycle_last) & clock->mask;

	return delta > clock->mask / 2 ? 0 : delta;
}

/**
 * kf_clock_ns() - what the clock shows when the counter shows @cycles
 * @clock:  the clock
 * @cycles: the counter's value
 *
 * Exact for any distance from the last update: in 128 bits where 64 are too few.
 *
 * Return: nanoseconds.
 */
static inline u64 kf_clock_ns(const struct kf_clock *clock, u64 cycles)
{
	u64 delta = kf_clock_delta(clock, cycles);
	__uint128_t product;
	u64 shifted;

	/* Only after a long gap it takes more than 64 bits. */
	if (likely(!check_mul_overflow(delta, (u64)clock->mult, &shifted) &&
		   !check_add_overflow(shifted, clock->base_cycles, &shifted)))
		return (shifted >> clock->shift) + clock->offset;
	product = (__uint128_t)delta * clock->mult + clock->base_cycles;
	return (u64)(product >> clock->shift) + clock->offset;
}

#endif /* KVMCLOCK_FIX_RAW_CLOCK_H */
