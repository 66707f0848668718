// SPDX-License-Identifier: GPL-2.0-only
/* A clock as the timekeeper keeps it, and the arithmetic on it. */
#include "raw_clock.h"

u64 kf_clock_delta(const struct kf_clock *clock, u64 cycles)
{
	u64 delta = (cycles - clock->cycle_last) & clock->mask;

	return delta > clock->mask / 2 ? 0 : delta;
}

u64 kf_clock_ns(const struct kf_clock *clock, u64 cycles)
{
	__uint128_t shifted = kf_clock_delta(clock, cycles);

	shifted = shifted * clock->mult + clock->base_cycles;
	return (u64)(shifted >> clock->shift) + clock->offset;
}
