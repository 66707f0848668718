/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The line of a guest's clock: what a guest makes of its pvclock page, and how a
 * new line goes on where the old one was.  Decisions, without kernel state.
 */
#ifndef KVMCLOCK_FIX_LINE_H
#define KVMCLOCK_FIX_LINE_H

#include <linux/compiler.h>
#include <linux/math64.h>
#include <linux/minmax.h>
#include <linux/types.h>

/**
 * struct kf_rate - nanoseconds for each cycle of a guest's TSC
 * @mul:   with @shift, as in the page: ns = (cycles << shift) * mul >> 32
 * @shift: negative to shift right
 */
struct kf_rate {
	u32 mul;
	s8 shift;
};

/**
 * struct kf_line - a clock as a page shows it
 * @tsc:  the guest's TSC at @ns
 * @ns:	  nanoseconds
 * @rate: from there on
 */
struct kf_line {
	u64 tsc;
	s64 ns;
	struct kf_rate rate;
};

/**
 * struct kf_tsc - how a guest's TSC comes from the host's, and was counted
 * @ratio:    of the scaling
 * @khz:      the guest's rate, as its pages go by it; 0: never shown
 * @host_khz: the host's
 */
struct kf_tsc {
	u64 ratio;
	unsigned int khz;
	unsigned int host_khz;
};

/**
 * kf_tsc_same() - are two TSCs scaled and counted alike?
 * @a: one
 * @b: the other
 *
 * Return: whether a line of one says anything of the other.
 */
static inline bool kf_tsc_same(const struct kf_tsc *a, const struct kf_tsc *b)
{
	return a->ratio == b->ratio && a->khz == b->khz &&
	       a->host_khz == b->host_khz;
}

/**
 * struct kf_scale - a guest's TSC is cycles of the host's * @ratio >> @bits
 * @ratio: 0 where that is not known; then there is nothing to scale
 * @bits:  of @ratio that are a fraction; 0: it is 1, as most are
 */
struct kf_scale {
	u64 ratio;
	unsigned int bits;
};

static inline u64 kf_scaled(const struct kf_scale *scale, u64 cycles)
{
	if (likely(!scale->bits))
		return cycles;
	return mul_u64_u64_shr(cycles, scale->ratio, scale->bits);
}

/**
 * kf_rate_same() - are two rates the same?
 * @a: one
 * @b: the other
 *
 * Return: whether a guest would compute the same with both.
 */
static inline bool kf_rate_same(const struct kf_rate *a,
				const struct kf_rate *b)
{
	return a->mul == b->mul && a->shift == b->shift;
}

/**
 * kf_line_same() - do two pages show the same?
 * @a: one
 * @b: the other
 *
 * Return: whether they do, begin and all.
 */
static inline bool kf_line_same(const struct kf_line *a,
				const struct kf_line *b)
{
	return a->tsc == b->tsc && a->ns == b->ns &&
	       kf_rate_same(&a->rate, &b->rate);
}

/* What a guest multiplies. */
static inline u64 kf_rate_shifted(const struct kf_rate *rate, u64 cycles)
{
	return rate->shift < 0 ? cycles >> -rate->shift : cycles << rate->shift;
}

/**
 * kf_rate_ns() - what a guest makes of cycles
 * @rate:   the rate
 * @cycles: since the line began
 *
 * The arithmetic of the guest to the bit, its overflow of the shift included.
 *
 * Return: nanoseconds.
 */
static inline u64 kf_rate_ns(const struct kf_rate *rate, u64 cycles)
{
	return mul_u64_u32_shr(kf_rate_shifted(rate, cycles), rate->mul, 32);
}

/**
 * kf_rate_lost() - cycles that the shift to the right drops
 * @rate:   the rate
 * @cycles: since the line began
 *
 * Return: cycles; a line that begins that much earlier loses none.
 */
static inline u64 kf_rate_lost(const struct kf_rate *rate, u64 cycles)
{
	return rate->shift < 0 ? cycles & ((1ULL << -rate->shift) - 1) : 0;
}

/**
 * kf_rate_ns_up() - the same, so that what follows is never behind
 * @rate:   the rate
 * @cycles: since the line began
 *
 * A line that begins after @cycles with this value shows, at any moment from then
 * on, what the old one would or more.  Not more than 1 ns more when no cycle of
 * @cycles is lost (kf_rate_lost()), else 2.
 *
 * Return: nanoseconds.
 */
static inline u64 kf_rate_ns_up(const struct kf_rate *rate, u64 cycles)
{
	/*
	 * What the old line drops of @cycles it may have counted a moment later,
	 * together with what the new one drops: one unit of the shifted counter,
	 * at most.
	 */
	u64 units = kf_rate_shifted(rate, cycles) +
		    !!kf_rate_lost(rate, cycles);
	u32 fraction = (u32)units * rate->mul;

	return mul_u64_u32_shr(units, rate->mul, 32) + !!fraction;
}

/* Cycles from the begin of a line to @tsc, 0 before it. */
static inline u64 kf_line_cycles(const struct kf_line *line, u64 tsc)
{
	return max_t(s64, tsc - line->tsc, 0);
}

/**
 * kf_line_ns() - what a line shows
 * @line: the line
 * @tsc:  the guest's TSC
 *
 * Return: nanoseconds; a TSC before the begin shows the begin.
 */
static inline s64 kf_line_ns(const struct kf_line *line, u64 tsc)
{
	return line->ns + kf_rate_ns(&line->rate, kf_line_cycles(line, tsc));
}

/**
 * kf_line_drift() - how far a line may be from the raw clock
 * @line: the line
 * @tsc:  the guest's TSC
 *
 * 2^-22 (0.24 ppm) of its time, and 10 us for clocks that are read one after the
 * other.
 *
 * Return: nanoseconds.
 */
static inline s64 kf_line_drift(const struct kf_line *line, u64 tsc)
{
	return (kf_rate_ns(&line->rate, kf_line_cycles(line, tsc)) >> 22) +
	       10000;
}

/**
 * kf_line_step() - how far a new line is from the old one where it begins
 * @old: the line that a guest has followed
 * @new: the line that follows
 *
 * Return: nanoseconds, negative when the clock steps back.
 */
static inline s64 kf_line_step(const struct kf_line *old,
			       const struct kf_line *new)
{
	return new->ns - kf_line_ns(old, new->tsc);
}

/**
 * kf_line_follows() - can a line go on where another one is?
 * @old: the line that a guest has followed
 * @new: the line that follows
 *
 * Not when the TSC ran backwards, as it does over a suspend, for then the two
 * have no common time; nor with another rate, which somebody has asked for.
 *
 * Return: whether it can.
 */
static inline bool kf_line_follows(const struct kf_line *old,
				   const struct kf_line *new)
{
	return (s64)(new->tsc - old->tsc) >= 0 &&
	       kf_rate_same(&old->rate, &new->rate);
}

/**
 * kf_rebase_ns() - where a new line has to begin to go on where the old one was
 * @old: the line that the VM's guests have followed, NULL for none
 * @new: the line that follows; kf_line_follows()
 *
 * Never below zero.
 *
 * Return: nanoseconds, to be shown at the begin of @new.
 */
static inline s64 kf_rebase_ns(const struct kf_line *old,
			       const struct kf_line *new)
{
	s64 ns = new->ns;

	if (old)
		ns = old->ns + kf_rate_ns_up(&old->rate,
					     kf_line_cycles(old, new->tsc));
	return max_t(s64, ns, 0);
}

/**
 * kf_publish_ns() - the last guard on what is shown
 * @shown: the line that the VM was shown last, NULL for none
 * @next:  the line about to be shown
 * @limit: raise by no more than so many nanoseconds because of @shown: more is
 *	   no drift, and nothing that this can know to be wrong
 *
 * Return: @next's begin, raised where it is below zero or behind @shown.
 */
s64 kf_publish_ns(const struct kf_line *shown, const struct kf_line *next,
		  s64 limit);

#endif /* KVMCLOCK_FIX_LINE_H */
