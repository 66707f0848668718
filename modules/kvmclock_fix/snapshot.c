// SPDX-License-Identifier: GPL-2.0-only
/* The timekeeper's clocks, copied at every update. */
#include "snapshot.h"

#include <linux/clocksource.h>
#include <linux/string.h>
#include <linux/timekeeper_internal.h>

#include <vmhooks/mm_hooks.h>

/* Written by the notifier, which the timekeeper's lock serialises. */
struct kf_snapshot kf_last;
seqcount_t kf_last_seq = SEQCNT_ZERO(kf_last_seq);
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
	strscpy(kf_last.source, source->name, sizeof(kf_last.source));
}

/* The timekeeper's lock is held, interrupts are off. */
static void take_snapshot(struct mm_hooks_clock_client *client,
			  const struct timekeeper *tk)
{
	const s64 boot_offset = ktime_to_ns(tk->offs_boot);

	write_seqcount_begin(&kf_last_seq);
	copy_clock(&kf_last.mono, &tk->tkr_mono);
	copy_clock(&kf_last.raw, &tk->tkr_raw);
	copy_name(tk->tkr_mono.clock);
	if (unlikely(kf_last.updates && boot_offset != kf_last.boot_offset))
		WRITE_ONCE(kf_sleeps, kf_sleeps + 1);
	kf_last.boot_offset = boot_offset;
	kf_last.updates++;
	write_seqcount_end(&kf_last_seq);
}

static struct mm_hooks_clock_client client = { .timekeeper = take_snapshot };

u64 kf_snapshot_read(struct kf_snapshot *snap)
{
	unsigned int seq;
	u64 cycles;

	do {
		seq = read_seqcount_begin(&kf_last_seq);
		*snap = kf_last;
		cycles = snap->raw.vclock_mode == VDSO_CLOCKMODE_TSC ?
				 rdtsc_ordered() : snap->raw.cycle_last;
	} while (read_seqcount_retry(&kf_last_seq, seq));
	return cycles;
}

int kf_snapshot_init(void)
{
	return mm_hooks_clock_register(&client);
}

void kf_snapshot_exit(void)
{
	mm_hooks_clock_unregister(&client);
}
