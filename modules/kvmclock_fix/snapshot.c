// SPDX-License-Identifier: GPL-2.0-only
/* The timekeeper's clocks, copied at every update. */
#include "snapshot.h"

#include <linux/clocksource.h>
#include <linux/seqlock.h>
#include <linux/string.h>
#include <linux/timekeeper_internal.h>

#include <asm/msr.h>
#include <vmhooks/mm_hooks.h>

/* Written by the notifier, which the timekeeper's lock serialises. */
static struct kf_snapshot last;
static seqcount_t last_seq = SEQCNT_ZERO(last_seq);
u32 kf_sleeps;

/* The clocksource whose name was copied: compared, never followed. */
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

static void copy_name(const struct clocksource *source)
{
	if (source == named)
		return;
	named = source;
	strscpy(last.source, source->name, sizeof(last.source));
}

/* The timekeeper's lock is held, interrupts are off. */
static void take_snapshot(struct mm_hooks_clock_client *client,
			  const struct timekeeper *tk)
{
	const s64 boot_offset = ktime_to_ns(tk->offs_boot);

	write_seqcount_begin(&last_seq);
	copy_clock(&last.mono, &tk->tkr_mono);
	copy_clock(&last.raw, &tk->tkr_raw);
	copy_name(tk->tkr_mono.clock);
	if (unlikely(last.updates && boot_offset != last.boot_offset))
		WRITE_ONCE(kf_sleeps, kf_sleeps + 1);
	last.boot_offset = boot_offset;
	last.updates++;
	write_seqcount_end(&last_seq);
}

static struct mm_hooks_clock_client client = { .timekeeper = take_snapshot };

u64 kf_snapshot_read(struct kf_snapshot *snap)
{
	unsigned int seq;
	u64 cycles;

	do {
		seq = read_seqcount_begin(&last_seq);
		*snap = last;
		cycles = snap->raw.vclock_mode == VDSO_CLOCKMODE_TSC ?
				 rdtsc_ordered() : snap->raw.cycle_last;
	} while (read_seqcount_retry(&last_seq, seq));
	return cycles;
}

bool kf_snapshot_base(u64 *tsc, s64 *ns)
{
	struct kf_clock raw;
	s64 boot_offset;
	unsigned int seq;
	u64 cycles;

	do {
		seq = read_seqcount_begin(&last_seq);
		raw = last.raw;
		boot_offset = last.boot_offset;
		cycles = rdtsc_ordered();
	} while (read_seqcount_retry(&last_seq, seq));
	if (raw.vclock_mode != VDSO_CLOCKMODE_TSC)
		return false;
	*tsc = cycles;
	*ns = kf_clock_ns(&raw, cycles) + boot_offset;
	return true;
}

int kf_snapshot_init(void)
{
	return mm_hooks_clock_register(&client);
}

void kf_snapshot_exit(void)
{
	mm_hooks_clock_unregister(&client);
}
