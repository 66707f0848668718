// SPDX-License-Identifier: GPL-2.0-only
/* The line of a guest's clock, and how a new line goes on where the old one was. */
#include "line.h"

#include <linux/math64.h>
#include <linux/minmax.h>

/*
 * What the old line drops of @cycles it may have counted a moment later, together
 * with what the new one drops: one unit of the shifted counter, at most.
 */
u64 kf_rate_ns_up(const struct kf_rate *rate, u64 cycles)
{
	u64 units = kf_rate_shifted(rate, cycles) +
		    !!kf_rate_lost(rate, cycles);
	u32 fraction = (u32)units * rate->mul;

	return mul_u64_u32_shr(units, rate->mul, 32) + !!fraction;
}

s64 kf_rebase_ns(const struct kf_line *old, const struct kf_line *new)
{
	s64 ns = new->ns;

	if (old)
		ns = old->ns + kf_rate_ns_up(&old->rate,
					     kf_line_cycles(old, new->tsc));
	return max_t(s64, ns, 0);
}

s64 kf_publish_ns(const struct kf_line *shown, const struct kf_line *next,
		  s64 limit)
{
	s64 ns = max_t(s64, next->ns, 0);
	s64 least;

	if (!shown)
		return ns;
	least = kf_rebase_ns(shown, next);
	return least - ns > limit ? ns : max(ns, least);
}
