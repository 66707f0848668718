// SPDX-License-Identifier: GPL-2.0-only
/* How a new clock line continues the one that the VM follows. */
#include "line.h"

#include <linux/limits.h>
#include <linux/math64.h>
#include <linux/minmax.h>
#include <linux/time64.h>

struct kf_scale kf_scale_of(u64 ratio, unsigned int bits, unsigned int host_khz,
			    unsigned int khz)
{
	if (ratio == 1 || ratio == 1ULL << bits)
		return (struct kf_scale){ .ratio = 1 };
	if (mul_u64_u64_shr(host_khz, ratio, bits) != khz)
		ratio = 0;
	return (struct kf_scale){ .ratio = ratio, .bits = bits };
}

struct kf_rates kf_rates_of(const struct kf_rate *rate,
			    const struct kf_scale *scale,
			    const struct kf_raw_rate *raw, unsigned int khz)
{
	const u64 cycles = 1ULL << KF_RATES_BITS;
	struct kf_rates rates = { .rate = *rate, .scale = *scale };

	rates.khz = div_u64(kf_rate_ns(rate, kf_scale_cycles(scale, cycles)), khz);
	if (scale->bits)
		rates.apart = kf_rate_ns(rate, kf_scale_cycles(scale, cycles)) -
			      mul_u64_u64_div_u64(cycles, NSEC_PER_MSEC, khz);
	if (!raw->mult) {
		rates.error = rates.khz;
		return rates;
	}
	rates.gain = kf_rate_ns(rate, kf_scale_cycles(scale, cycles)) -
		     mul_u64_u32_shr(cycles, raw->mult, raw->shift);
	rates.error = 2; /* two roundings */
	return rates;
}

bool kf_rates_explain_slowpath(const struct kf_rates *rates, u64 cycles, s64 ns)
{
	u64 error = mul_u64_u64_shr(cycles, rates->error, KF_RATES_BITS);
	s64 diff = ns - kf_rates_gain_ns(rates, cycles);

	return kf_is_within(diff, error + KF_ROUNDING_NS);
}

/* The least value of @new that is not behind @old, which may be NULL, nor below zero. */
static s64 least_ns(const struct kf_line *old, const struct kf_line *new)
{
	return old ? kf_rebase_ns(old, new) : 0;
}

static struct kf_line master_line(const struct kf_rates *rates,
				  const struct kf_master *master)
{
	return (struct kf_line){ .tsc = kf_scale_cycles(&rates->scale,
							master->cycles),
				 .ns = master->ns,
				 .rate = rates->rate };
}

/*
 * Lets the new line begin a few cycles earlier, where the shift of the old line drops
 * none.  Then the two lines are never more than 1 ns apart.
 */
static void align_start(const struct kf_scale *scale, const struct kf_line *old,
			struct kf_line *line, u64 *cycles)
{
	unsigned int i;
	u64 tsc;

	if (!kf_rate_lost_cycles(&old->rate, line->tsc - old->tsc))
		return;
	for (i = 1; i < KF_ALIGN_CYCLES; i++) {
		tsc = kf_scale_cycles(scale, *cycles - i);
		if (tsc < old->tsc)
			return;
		if (kf_rate_lost_cycles(&old->rate, tsc - old->tsc))
			continue;
		*cycles -= i;
		line->tsc = tsc;
		return;
	}
}

/* Raises @line to zero, and to @old where @limit allows that. */
static struct kf_add raise(const struct kf_line *old, struct kf_line *line,
			   s64 limit)
{
	struct kf_add add = { };
	s64 ns = max_t(s64, line->ns, 0);
	s64 behind = least_ns(old, line) - ns;

	if (behind > limit)
		add.refused = behind;
	else if (behind > 0)
		ns += behind;
	add.ns = ns - line->ns;
	line->ns = ns;
	return add;
}

struct kf_add kf_vm_line_begin(struct kf_vm_line *vl, struct kf_line *line,
			       u64 cycles)
{
	const struct kf_line *old = NULL;
	struct kf_add add;

	if (vl->away && kf_line_is_continuable(&vl->line, line))
		old = &vl->line;
	add = raise(old, line, vl->budget);
	kf_vm_line_set(vl, line, cycles);
	return add;
}

/* What the rates explain until now, of the TSC and of another clocksource. */
static s64 away_budget(const struct kf_rates *rates, u64 cycles)
{
	return kf_rates_gain_ns(rates, cycles) +
	       mul_u64_u64_shr(cycles, rates->khz, KF_RATES_BITS) + KF_READ_NS;
}

struct kf_add kf_vm_line_track_host(struct kf_vm_line *vl,
				    const struct kf_rates *rates,
				    struct kf_line *line, u64 cycles)
{
	const struct kf_line *old = NULL;
	struct kf_add add;

	if (!vl->away)
		vl->budget = KF_READ_NS;
	if (vl->valid && kf_line_is_continuable(&vl->line, line)) {
		old = &vl->line;
		vl->budget = max_t(s64, KF_READ_NS,
				   away_budget(rates, kf_vm_line_age(vl, cycles)));
	}
	add = raise(old, line, vl->budget);
	if (old)
		vl->budget -= max_t(s64, add.ns, 0);
	kf_vm_line_set(vl, line, cycles);
	vl->valid = false;
	vl->away = true;
	return add;
}

/*
 * Moves @line, which begins with @new, onto the line that the VM follows.  @lower: the
 * offset may be lowered by more than KF_SLACK_NS.
 *
 * Return: false where it does not continue that; then only @add is valid.
 */
static __always_inline bool continue_line(const struct kf_vm_line *vl,
					  const struct kf_rates *rates,
					  bool lower, struct kf_line *line,
					  struct kf_master *new,
					  struct kf_add *add)
{
	const u64 cycles = new->cycles;
	s64 ns;

	if (!vl->valid || !kf_line_is_continuable(&vl->line, line))
		return false;
	if (new->on)
		align_start(&rates->scale, &vl->line, line, &new->cycles);
	line->ns = kf_rebase_ns(&vl->line, line);
	ns = line->ns - new->ns;
	/* A negative clock is raised to zero in any case. */
	if (unlikely(line->ns &&
		     !kf_rates_explain(rates, kf_vm_line_age(vl, new->cycles), ns)))
		add->refused = ns;
	if (unlikely(add->refused || (!lower && ns < -KF_SLACK_NS))) {
		new->cycles = cycles;
		return false;
	}
	add->ns = ns;
	return true;
}

/* The line that begins with @new continues none. */
static noinline struct kf_add begin_line(struct kf_vm_line *vl,
					 const struct kf_rates *rates,
					 const struct kf_master *new,
					 s64 refused)
{
	struct kf_add add = { .refused = refused };
	struct kf_add begun;
	struct kf_line line;

	vl->valid = false;
	if (!new->on)
		return add;
	line = master_line(rates, new);
	begun = kf_vm_line_begin(vl, &line, new->cycles);
	kf_vm_line_cache(vl, &line, new->cycles);
	add.ns = begun.ns;
	add.refused = refused ?: begun.refused;
	return add;
}

struct kf_add kf_vm_line_rebase(struct kf_vm_line *vl,
				const struct kf_rates *rates,
				const struct kf_master *old,
				struct kf_master *new, bool suspended)
{
	struct kf_add add = { };
	struct kf_line line;

	if (unlikely(suspended)) {
		vl->valid = false;
	} else if (unlikely(!vl->valid && old->on)) {
		line = master_line(rates, old);
		kf_vm_line_set(vl, &line, old->cycles);
	}
	vl->cached = false;
	if (unlikely(!new))
		return add;
	line = master_line(rates, new);
	if (unlikely(!continue_line(vl, rates, old->on, &line, new, &add)))
		return begin_line(vl, rates, new, add.refused);
	vl->agreed = new->cycles;
	/* A negative line was raised: the VM follows the raised one. */
	if (unlikely(vl->line.ns < 0))
		kf_vm_line_begin(vl, &line, new->cycles);
	if (new->on)
		kf_vm_line_cache(vl, &line, new->cycles);
	return add;
}

struct kf_add kf_vm_line_publish(struct kf_vm_line *vl,
				 const struct kf_rates *rates,
				 struct kf_line *line, u64 cycles)
{
	const struct kf_line *old = NULL;
	struct kf_add add;
	s64 limit = 0;

	if (vl->valid && kf_line_is_continuable(&vl->line, line)) {
		old = &vl->line;
		if (kf_rates_explain(rates, kf_vm_line_age(vl, cycles),
				     kf_rebase_ns(old, line) - line->ns))
			limit = S64_MAX;
	}
	add = raise(old, line, limit);
	if (!old || kf_rebase_ns(old, line) != line->ns)
		kf_vm_line_set(vl, line, cycles);
	kf_vm_line_cache(vl, line, cycles);
	return add;
}
