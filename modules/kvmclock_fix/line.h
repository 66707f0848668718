/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A clock line: the affine clock function that a pvclock page defines, and how a new
 * line continues an old one.  Pure decisions, without kernel state.
 */
#ifndef KVMCLOCK_FIX_LINE_H
#define KVMCLOCK_FIX_LINE_H

#include <linux/compiler.h>
#include <linux/math64.h>
#include <linux/minmax.h>
#include <linux/seqlock.h>
#include <linux/types.h>

#include "raw_clock.h"

/* Less than the time between two reads of a clock. */
#define KF_SLACK_NS 50

/* Rounding of clocks, and the unit of the coarsest one (Hyper-V's). */
#define KF_ROUNDING_NS 1000

/* Starts that are tried before a masterclock update, in cycles. */
#define KF_ALIGN_CYCLES 16

/* KVM reads the TSC and another clocksource one after the other. */
#define KF_READ_NS 10000

/* So far a page and KVM_GET_CLOCK may be apart before the master clock is updated. */
#define KF_APART_NS 50000

/* struct kf_rates is in nanoseconds for 2^KF_RATES_BITS cycles: four days at 3 GHz. */
#define KF_RATES_BITS 50

/**
 * struct kf_rate - nanoseconds per cycle of a guest's TSC
 * @mul:   tsc_to_system_mul: ns = (cycles << shift) * mul >> 32
 * @shift: tsc_shift; negative shifts right
 */
struct kf_rate {
	u32 mul;
	s8 shift;
};

/**
 * struct kf_line - a clock line, as a pvclock page defines it
 * @tsc:  the guest's TSC at @ns
 * @ns:	  nanoseconds
 * @rate: from @tsc on
 */
struct kf_line {
	u64 tsc;
	s64 ns;
	struct kf_rate rate;
};

/**
 * struct kf_scale - a guest's TSC is the host's TSC * @ratio >> @bits
 * @ratio: 0 where it is unknown; then nothing is scaled
 * @bits:  fraction bits of @ratio; 0: the TSC is not scaled
 */
struct kf_scale {
	u64 ratio;
	unsigned int bits;
};

static inline u64 kf_scale_cycles(const struct kf_scale *scale, u64 cycles)
{
	if (likely(!scale->bits))
		return cycles;
	return mul_u64_u64_shr(cycles, scale->ratio, scale->bits);
}

/**
 * kf_scale_of() - the scale of a guest's TSC
 * @ratio:    TSC scaling ratio
 * @bits:     its fraction bits, if the TSC is scaled: KVM does not export them
 * @host_khz: of the host's TSC
 * @khz:      of the guest's TSC, as KVM has computed it from @ratio
 *
 * Return: the scale; a ratio of 0 where @khz does not follow from @ratio.
 */
struct kf_scale kf_scale_of(u64 ratio, unsigned int bits, unsigned int host_khz,
			    unsigned int khz);

/**
 * struct kf_rates - the rate of a VM's clock line, and what it explains
 * @rate:  of the line
 * @scale: of the VM's TSC
 * @gain:  nanoseconds of the line minus those of the raw clock
 * @error: of @gain, nanoseconds
 * @khz:   nanoseconds that 1 kHz of the host's TSC makes
 * @apart: nanoseconds of the line minus those of KVM_GET_CLOCK since a masterclock
 *	   update, which computes with the host's rate; 0 if the TSC is not scaled
 *
 * The last four are for 2^KF_RATES_BITS cycles of the host.
 */
struct kf_rates {
	struct kf_rate rate;
	struct kf_scale scale;
	s64 gain;
	u64 error;
	u64 khz;
	s64 apart;
};

/**
 * struct kf_add - a decision about a VM's clock
 * @ns:	     nanoseconds to add to its offset
 * @refused: nanoseconds that are not added, because the rates do not explain them
 */
struct kf_add {
	s64 ns;
	s64 refused;
};

/**
 * kf_rate_is_same() - are two rates the same?
 * @a: one
 * @b: the other
 *
 * Return: whether a guest computes the same nanoseconds with both.
 */
static inline bool kf_rate_is_same(const struct kf_rate *a,
				   const struct kf_rate *b)
{
	return a->mul == b->mul && a->shift == b->shift;
}

/**
 * kf_line_is_same() - do two clock lines have the same start and rate?
 * @a: one
 * @b: the other
 *
 * Return: whether they do.
 */
static inline bool kf_line_is_same(const struct kf_line *a,
				   const struct kf_line *b)
{
	return a->tsc == b->tsc && a->ns == b->ns &&
	       kf_rate_is_same(&a->rate, &b->rate);
}

/* The cycles that a guest multiplies, after the shift. */
static inline u64 kf_rate_shift_cycles(const struct kf_rate *rate, u64 cycles)
{
	return rate->shift < 0 ? cycles >> -rate->shift : cycles << rate->shift;
}

/**
 * kf_rate_ns() - the nanoseconds that a guest computes from cycles
 * @rate:   the rate
 * @cycles: since the line began
 *
 * The guest's arithmetic to the bit, including an overflow of the shift.
 *
 * Return: nanoseconds.
 */
static inline u64 kf_rate_ns(const struct kf_rate *rate, u64 cycles)
{
	return mul_u64_u32_shr(kf_rate_shift_cycles(rate, cycles), rate->mul, 32);
}

/**
 * kf_rate_lost_cycles() - cycles that a right shift drops
 * @rate:   the rate
 * @cycles: since the line began
 *
 * Return: cycles; a line that begins this much earlier loses none.
 */
static inline u64 kf_rate_lost_cycles(const struct kf_rate *rate, u64 cycles)
{
	return rate->shift < 0 ? cycles & ((1ULL << -rate->shift) - 1) : 0;
}

/**
 * kf_rate_ns_round_up() - kf_rate_ns(), rounded up for the next line
 * @rate:   the rate
 * @cycles: since the line began
 *
 * A line that begins after @cycles with this value is never behind the old line.  It is
 * ahead by at most 1 ns where no cycle is lost (kf_rate_lost_cycles()), else by 2 ns.
 *
 * Return: nanoseconds.
 */
static inline u64 kf_rate_ns_round_up(const struct kf_rate *rate, u64 cycles)
{
	/*
	 * The cycles that the old line drops count later there, together with
	 * those that the new line drops: at most one unit after the shift.
	 */
	u64 units = kf_rate_shift_cycles(rate, cycles) +
		    !!kf_rate_lost_cycles(rate, cycles);
	u32 fraction = (u32)units * rate->mul;

	return mul_u64_u32_shr(units, rate->mul, 32) + !!fraction;
}

/* Cycles from the start of a line to @tsc; 0 before the start. */
static inline u64 kf_line_cycles(const struct kf_line *line, u64 tsc)
{
	return max_t(s64, tsc - line->tsc, 0);
}

/**
 * kf_line_ns() - the value of a clock line
 * @line: the line
 * @tsc:  the guest's TSC
 *
 * Return: nanoseconds; before the start the value at the start.
 */
static inline s64 kf_line_ns(const struct kf_line *line, u64 tsc)
{
	return line->ns + kf_rate_ns(&line->rate, kf_line_cycles(line, tsc));
}

/**
 * kf_line_step() - the step between two lines, at the start of the new one
 * @old: the line that a guest has followed
 * @new: the new line
 *
 * Return: nanoseconds; negative if the clock steps backwards.
 */
static inline s64 kf_line_step(const struct kf_line *old,
			       const struct kf_line *new)
{
	return new->ns - kf_line_ns(old, new->tsc);
}

/**
 * kf_line_is_continuable() - can a new line continue an old one?
 * @old: the line that a guest has followed
 * @new: the new line
 *
 * Not after the TSC ran backwards, as it does over a suspend.  Not with another rate either,
 * which userspace has requested.
 *
 * Return: whether it can.
 */
static inline bool kf_line_is_continuable(const struct kf_line *old,
					  const struct kf_line *new)
{
	return (s64)(new->tsc - old->tsc) >= 0 &&
	       kf_rate_is_same(&old->rate, &new->rate);
}

/**
 * kf_rebase_ns() - the value at which a new line continues an old one
 * @old: the line that the VM has followed, NULL for none
 * @new: the new line; kf_line_is_continuable()
 *
 * Never below zero.
 *
 * Return: nanoseconds, to be published at the start of @new.
 */
static inline s64 kf_rebase_ns(const struct kf_line *old,
			       const struct kf_line *new)
{
	s64 ns = new->ns;

	if (old)
		ns = old->ns + kf_rate_ns_round_up(&old->rate,
					     kf_line_cycles(old, new->tsc));
	return max_t(s64, ns, 0);
}

/**
 * kf_rates_of() - the rates of a VM's clock line and of the raw clock
 * @rate:  of the line
 * @scale: of the VM's TSC
 * @raw:   of the raw clock
 * @khz:   of the host's TSC, not 0
 *
 * Where the rate of the raw clock is unknown, KVM's rate in kHz may be wrong by 1 kHz.
 *
 * Return: the rates.
 */
struct kf_rates kf_rates_of(const struct kf_rate *rate,
			    const struct kf_scale *scale,
			    const struct kf_raw_rate *raw, unsigned int khz);

/* Is @ns between -@limit and @limit? */
static inline bool kf_is_within(s64 ns, u64 limit)
{
	return (ns < 0 ? -(u64)ns : (u64)ns) <= limit;
}

/**
 * kf_rates_is_apart() - are a page and KVM_GET_CLOCK too far apart?
 * @rates:  the rates
 * @cycles: of the host, since the masterclock update
 *
 * Return: whether the VM needs another masterclock update.
 */
static inline bool kf_rates_is_apart(const struct kf_rates *rates, u64 cycles)
{
	s64 ns = ((__int128)rates->apart * cycles) >> KF_RATES_BITS;

	return !kf_is_within(ns, KF_APART_NS);
}

/**
 * kf_rates_gain_ns() - the expected drift of a clock line from the raw clock
 * @rates:  the rates
 * @cycles: of the host, since the line agreed with the raw clock
 *
 * Return: nanoseconds; positive if the line is ahead.
 */
static inline s64 kf_rates_gain_ns(const struct kf_rates *rates, u64 cycles)
{
	return ((__int128)rates->gain * cycles) >> KF_RATES_BITS;
}

/* kf_rates_explain() for a drift that needs an explanation. */
bool kf_rates_explain_slowpath(const struct kf_rates *rates, u64 cycles, s64 ns);

/**
 * kf_rates_explain() - do the rates explain a drift?
 * @rates:  the rates
 * @cycles: of the host, since the line agreed with the raw clock
 * @ns:	    by which the line is ahead of the raw clock
 *
 * No more than KF_ROUNDING_NS needs no explanation.
 *
 * Return: whether they do.
 */
static inline bool kf_rates_explain(const struct kf_rates *rates, u64 cycles,
				    s64 ns)
{
	return likely(kf_is_within(ns, KF_ROUNDING_NS)) ||
	       kf_rates_explain_slowpath(rates, cycles, ns);
}

/**
 * struct kf_master - the parts of a VM's master clock
 * @on:	    use_master_clock
 * @ns:	    master_kernel_ns plus kvmclock_offset
 * @cycles: master_cycle_now, the host's TSC at @ns
 */
struct kf_master {
	bool on;
	s64 ns;
	u64 cycles;
};

/**
 * struct kf_vm_line - the clock line that a VM follows; zero it to begin
 * @valid:  the VM follows @line
 * @away:   the host's clocksource is not the TSC: @line was published last
 * @line:   as it was first published, or as it was when the clock was set;
 *	    tsc is the host's, scaled by the VM's ratio
 * @agreed: the host's TSC when the VM's offset last made the raw clock agree with @line
 * @budget: while @away, nanoseconds by which @line may still be raised
 * @cached: @page continues @line, and neither has changed since
 * @seq:    of @page, whose readers take no lock
 * @page:   the line of the master clock that was checked last, which all vCPUs are
 *	    published
 * @cycles: master_cycle_now of @page
 */
struct kf_vm_line {
	bool valid;
	bool away;
	struct kf_line line;
	u64 agreed;
	s64 budget;
	bool cached;
	seqcount_t seq;
	struct kf_line page;
	u64 cycles;
};

/* Cycles of the host since the raw clock agreed with the line; 0 before that. */
static inline u64 kf_vm_line_age(const struct kf_vm_line *vl, u64 cycles)
{
	return max_t(s64, cycles - vl->agreed, 0);
}

/**
 * kf_vm_line_is_settled() - is this the page that was checked last?
 * @vl:	  the state of the VM
 * @line: the line of a page that KVM is about to publish
 *
 * Context: any, no lock.
 * Return: whether it is.
 */
static __always_inline bool kf_vm_line_is_settled(const struct kf_vm_line *vl,
						  const struct kf_line *line)
{
	unsigned int seq = raw_seqcount_begin(&vl->seq);
	bool same = kf_line_is_same(&vl->page, line);

	return same && !read_seqcount_retry(&vl->seq, seq);
}

/* The VM follows another clock line from now on: @cycles is the host's TSC. */
static inline void kf_vm_line_set(struct kf_vm_line *vl,
				  const struct kf_line *line, u64 cycles)
{
	vl->line = *line;
	vl->agreed = cycles;
	vl->valid = true;
	vl->away = false;
	vl->cached = false;
}

/* @page is what all vCPUs are published from now on: see struct kf_vm_line. */
static inline void kf_vm_line_cache(struct kf_vm_line *vl,
				    const struct kf_line *page, u64 cycles)
{
	raw_write_seqcount_begin(&vl->seq);
	vl->page = *page;
	raw_write_seqcount_end(&vl->seq);
	vl->cycles = cycles;
	vl->cached = true;
}

/**
 * kf_vm_line_extrapolate() - stay on the clock line without the master clock
 * @vl:	    the state of the VM
 * @rates:  of the VM
 * @now:    the VM's clock at this moment, as KVM computes it
 * @cycles: the host's TSC at this moment
 * @add:    the decision
 *
 * Other threads may just have read a clock by the offset.  So it is lowered by no
 * more than KF_SLACK_NS.
 *
 * Return: false without a clock line, where it is behind by more than that, or where
 * the rates do not explain that; then nothing is to be added.
 */
static __always_inline bool
kf_vm_line_extrapolate(struct kf_vm_line *vl, const struct kf_rates *rates,
		       const struct kf_line *now, u64 cycles,
		       struct kf_add *add)
{
	s64 ns;

	*add = (struct kf_add){ };
	if (unlikely(!vl->valid || !kf_line_is_continuable(&vl->line, now)))
		return false;
	ns = kf_line_ns(&vl->line, now->tsc) - now->ns;
	if (unlikely(!kf_rates_explain(rates, kf_vm_line_age(vl, cycles),
				       ns))) {
		add->refused = ns;
		return false;
	}
	if (unlikely(ns < -KF_SLACK_NS))
		return false;
	add->ns = ns;
	vl->agreed = cycles;
	return true;
}

/**
 * kf_vm_line_continue() - continue the clock line over most masterclock updates
 * @vl:	    the state of the VM
 * @rates:  of the VM
 * @was_on: the master clock was on before the update
 * @new:    see kf_vm_line_rebase(), not NULL
 * @add:    nanoseconds to add to the offset
 *
 * The fast path of kf_vm_line_rebase(): the TSC is not scaled, and the rates explain the
 * drift.
 *
 * Return: false where the update is left to kf_vm_line_rebase(); then nothing was changed.
 */
static __always_inline bool kf_vm_line_continue(struct kf_vm_line *vl,
						const struct kf_rates *rates,
						bool was_on,
						struct kf_master *new, s64 *add)
{
	const u64 delta = new->cycles - vl->line.tsc;
	/* Only the master clock may begin earlier: see align_start(). */
	const u64 lost = new->on ? kf_rate_lost_cycles(&vl->line.rate, delta) : 0;
	const struct kf_line line = {
		.tsc = new->cycles - lost,
		.ns = vl->line.ns + kf_rate_ns_round_up(&vl->line.rate, delta - lost),
		.rate = vl->line.rate,
	};
	const s64 ns = line.ns - new->ns;

	if (unlikely(!vl->valid || vl->line.ns < 0 || (s64)delta < 0 ||
		     rates->scale.ratio != 1 || lost >= KF_ALIGN_CYCLES ||
		     !kf_rate_is_same(&rates->rate, &vl->line.rate) ||
		     (!was_on && ns < -KF_SLACK_NS) ||
		     !kf_rates_explain(rates, kf_vm_line_age(vl, line.tsc), ns)))
		return false;
	*add = ns;
	vl->agreed = line.tsc;
	vl->cached = false;
	if (new->on) {
		new->cycles = line.tsc;
		kf_vm_line_cache(vl, &line, line.tsc);
	}
	return true;
}

/**
 * kf_vm_line_rebase() - continue the clock line over a masterclock update
 * @vl:	   the state of the VM
 * @rates: of the VM
 * @old:   the master clock before the update
 * @new:   the new one, or the raw clock now if it is off; NULL where the host's
 *	   clocksource is not the TSC.  If it is on, @cycles becomes that of the new line
 * @suspended: the host was suspended since the last update
 *
 * The line that is continued is the one that the VM follows, else that of @old.  It
 * stays the same until the clock is set, so rounding errors do not add up.  Unless the
 * master clock was on before, KVM_GET_CLOCK has read the offset, which is lowered by no
 * more than KF_SLACK_NS then.
 *
 * Return: the decision.
 */
struct kf_add kf_vm_line_rebase(struct kf_vm_line *vl,
				const struct kf_rates *rates,
				const struct kf_master *old,
				struct kf_master *new, bool suspended);

/**
 * kf_vm_line_begin() - follow a line that begins now
 * @vl:	    the state of the VM
 * @line:   the line; raised where it is below zero, or behind what was published
 *	    before the host's clocksource became the TSC again
 * @cycles: the host's TSC at its start
 *
 * A line is raised by no more than what is left of the budget.
 *
 * Return: the decision.
 */
struct kf_add kf_vm_line_begin(struct kf_vm_line *vl, struct kf_line *line,
			       u64 cycles);

/**
 * kf_vm_line_track_host() - publish KVM's own clock while the TSC is not used
 * @vl:	    the state of the VM
 * @rates:  of the VM
 * @line:   KVM's line; raised where it is below zero, or behind the line that the VM
 *	    followed on the TSC
 * @cycles: the host's TSC now
 *
 * A line is raised once, at the first page.  Later pages have the noise of their own
 * reading only, so noise does not add up.
 *
 * Return: the decision.
 */
struct kf_add kf_vm_line_track_host(struct kf_vm_line *vl,
				    const struct kf_rates *rates,
				    struct kf_line *line, u64 cycles);

/**
 * kf_vm_line_publish() - check the line of the master clock before it is published
 * @vl:	    the state of the VM
 * @rates:  of the VM
 * @line:   the line; raised where it is below zero or behind the VM's
 * @cycles: master_cycle_now of @line
 *
 * Return: the decision.
 */
struct kf_add kf_vm_line_publish(struct kf_vm_line *vl,
				 const struct kf_rates *rates,
				 struct kf_line *line, u64 cycles);

#endif /* KVMCLOCK_FIX_LINE_H */
