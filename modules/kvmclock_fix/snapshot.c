// SPDX-License-Identifier: GPL-2.0-only
/* The timekeeper's clocks, copied at every update. */
#include "snapshot.h"

#include <linux/clocksource.h>
#include <linux/string.h>
#include <linux/timekeeper_internal.h>

#include <vmhooks/mm_hooks.h>

/* Written by the notifier only, which the timekeeper's lock serialises. */
struct kf_snapshot kf_snapshot_last;
seqcount_t kf_snapshot_seq = SEQCNT_ZERO(kf_snapshot_seq);
u32 kf_suspends;

/* The clocksource whose name was copied.  Compared, never dereferenced. */
static const struct clocksource *named;

static void copy_clock(struct kf_clock *clock, const struct tk_read_base *tkr)
{
	clock->vclock_mode = tkr->clock->vdso_clock_mode;
	clock->cycle_last = tkr->cycle_last;
	clock->mask = tkr->mask;
	clock->mult = tkr->mult;
	clock->shift = tkr->shift;
	clock->base_cycles = tkr->xtime_nsec;
	clock->offset = ktime_to_ns(tkr->base);
}

/* Two values that belong together, so that readers need no lock. */
static u64 raw_rate;

static void keep_raw_rate(const struct kf_clock *raw)
{
	u64 rate = raw_rate;

	if (raw->vclock_mode == VDSO_CLOCKMODE_TSC)
		rate = (u64)raw->shift << 32 | raw->mult;
#ifdef CONFIG_HYPERV_TIMER
	/* KVM uses it as it does the TSC, but it counts in units of 100 ns. */
	else if (raw->vclock_mode == VDSO_CLOCKMODE_HVCLOCK)
		rate = 0;
#endif
	if (likely(rate == raw_rate))
		return;
	WRITE_ONCE(raw_rate, rate);
	WRITE_ONCE(kf_suspends, kf_suspends + 1);
}

struct kf_raw_rate kf_snapshot_raw_rate(void)
{
	u64 rate = READ_ONCE(raw_rate);

	return (struct kf_raw_rate){ .mult = (u32)rate, .shift = rate >> 32 };
}

static u64 updated_at;
static s64 longest_gap;

/*
 * The TSC also where it is not the clocksource: a stopped guest's clocks stand still.  That
 * of another CPU may be behind.
 */
static void measure_gap(void)
{
	u64 now = rdtsc();
	s64 gap = now - updated_at;

	if (unlikely(gap > READ_ONCE(longest_gap)) && updated_at)
		WRITE_ONCE(longest_gap, gap);
	updated_at = now;
}

u64 kf_snapshot_longest_gap(void)
{
	return xchg(&longest_gap, 0);
}

static void copy_name(const struct clocksource *source)
{
	if (source == named)
		return;
	named = source;
	strscpy(kf_snapshot_last.source, source->name, sizeof(kf_snapshot_last.source));
}

/* The timekeeper's lock is held, interrupts are off. */
static void take_snapshot(struct mmh_clock_client *client,
			  const struct timekeeper *tk)
{
	const s64 boot_offset = ktime_to_ns(tk->offs_boot);

	write_seqcount_begin(&kf_snapshot_seq);
	copy_clock(&kf_snapshot_last.mono, &tk->tkr_mono);
	copy_clock(&kf_snapshot_last.raw, &tk->tkr_raw);
	copy_name(tk->tkr_mono.clock);
	keep_raw_rate(&kf_snapshot_last.raw);
	if (unlikely(kf_snapshot_last.updates && boot_offset != kf_snapshot_last.boot_offset))
		WRITE_ONCE(kf_suspends, kf_suspends + 1);
	kf_snapshot_last.boot_offset = boot_offset;
	kf_snapshot_last.updates++;
	write_seqcount_end(&kf_snapshot_seq);
	measure_gap();
}

static struct mmh_clock_client client = { .timekeeper = take_snapshot };

u64 kf_snapshot_read(struct kf_snapshot *snap)
{
	unsigned int seq;
	u64 cycles;

	do {
		seq = read_seqcount_begin(&kf_snapshot_seq);
		*snap = kf_snapshot_last;
		cycles = snap->raw.vclock_mode == VDSO_CLOCKMODE_TSC ?
				 rdtsc_ordered() : snap->raw.cycle_last;
	} while (read_seqcount_retry(&kf_snapshot_seq, seq));
	return cycles;
}

int kf_snapshot_init(void)
{
	return mmh_clock_register(&client);
}

void kf_snapshot_exit(void)
{
	mmh_clock_unregister(&client);
}
