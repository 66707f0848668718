// SPDX-License-Identifier: GPL-2.0-only
/* The line of a guest's clock, and how a new line goes on where the old one was. */
#include "line.h"

#include <linux/math64.h>
#include <linux/minmax.h>

bool kf_rate_same(const struct kf_rate *a, const struct kf_rate *b)
{
	return a->mul == b->mul && a->shift == b->shift;
}

bool kf_tsc_same(const struct kf_tsc *a, const struct kf_tsc *b)
{
	return a->ratio == b->ratio && a->khz == b->khz &&
	       a->host_khz == b->host_khz;
}

static u64 shifted(const struct kf_rate *rate, u64 cycles)
{
	return rate->shift < 0 ? cycles >> -rate->shift : cycles << rate->shift;
}

u64 kf_rate_lost(const struct kf_rate *rate, u64 cycles)
{
	return rate->shift < 0 ? cycles & ((1ULL << -rate->shift) - 1) : 0;
}

u64 kf_rate_ns(const struct kf_rate *rate, u64 cycles)
{
	return mul_u64_u32_shr(shifted(rate, cycles), rate->mul, 32);
}

/*
 * What the old line drops of @cycles it may have counted a moment later, together
 * with what the new one drops: one unit of the shifted counter, at most.
 */
u64 kf_rate_ns_up(const struct kf_rate *rate, u64 cycles)
{
	u64 units = shifted(rate, cycles) + !!kf_rate_lost(rate, cycles);
	u32 fraction = (u32)units * rate->mul;

	return mul_u64_u32_shr(units, rate->mul, 32) + !!fraction;
}

static u64 cycles_since(const struct kf_line *line, u64 tsc)
{
	return max_t(s64, tsc - line->tsc, 0);
}

s64 kf_line_ns(const struct kf_line *line, u64 tsc)
{
	return line->ns + kf_rate_ns(&line->rate, cycles_since(line, tsc));
}

s64 kf_line_step(const struct kf_line *old, const struct kf_line *new)
{
	return new->ns - kf_line_ns(old, new->tsc);
}

bool kf_line_follows(const struct kf_line *old, const struct kf_line *new)
{
	return (s64)(new->tsc - old->tsc) >= 0 &&
	       kf_rate_same(&old->rate, &new->rate);
}

s64 kf_rebase_ns(const struct kf_line *old, const struct kf_line *new)
{
	s64 ns = new->ns;

	if (old)
		ns = old->ns + kf_rate_ns_up(&old->rate,
					     cycles_since(old, new->tsc));
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
