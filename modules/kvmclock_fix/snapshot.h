/* SPDX-License-Identifier: GPL-2.0-only */
/* The timekeeper's clocks, copied at every update. */
#ifndef KVMCLOCK_FIX_SNAPSHOT_H
#define KVMCLOCK_FIX_SNAPSHOT_H

#include <linux/clocksource.h>
#include <linux/compiler.h>
#include <linux/seqlock.h>

#include <asm/tsc.h>

#include "raw_clock.h"

/**
 * struct kf_snapshot - one consistent copy
 * @mono:	 CLOCK_MONOTONIC
 * @raw:	 CLOCK_MONOTONIC_RAW
 * @boot_offset: CLOCK_BOOTTIME less CLOCK_MONOTONIC, nanoseconds
 * @updates:	 copies made since the module was loaded
 * @source:	 name of the clocksource
 */
struct kf_snapshot {
	struct kf_clock mono;
	struct kf_clock raw;
	s64 boot_offset;
	u64 updates;
	char source[16];
};

/* The last copy, and what tells a reader that it was half an update. */
extern struct kf_snapshot kf_last;
extern seqcount_t kf_last_seq;

/* Context: process.  Return: 0 or a negative errno. */
int kf_snapshot_init(void);
void kf_snapshot_exit(void);

/**
 * kf_snapshot_read() - the last copy and the counter, as of one moment
 * @snap: what to fill
 *
 * Context: any but NMI.
 * Return: the TSC, read while the copy was the current one; where the clocks
 * run on another counter, its value at the last update.
 */
u64 kf_snapshot_read(struct kf_snapshot *snap);

/**
 * kf_snapshot_base() - the base of a VM's clock, and the TSC, as of one moment
 * @tsc: the host's TSC
 * @ns:  nanoseconds, by the raw clock, with the time asleep
 *
 * The raw clock and the time asleep are of one update, and what KVM computes for
 * the master clock at the same TSC is the same to the nanosecond.
 *
 * Context: any but NMI.
 * Return: false where the clocks do not run on the TSC; then nothing is written.
 */
static __always_inline bool kf_snapshot_base(u64 *tsc, s64 *ns)
{
	unsigned int seq;
	u64 cycles;
	s64 base;

	/* What is computed from half an update is thrown away. */
	do {
		seq = read_seqcount_begin(&kf_last_seq);
		if (unlikely(kf_last.raw.vclock_mode != VDSO_CLOCKMODE_TSC))
			goto other;
		cycles = rdtsc_ordered();
		base = kf_clock_ns(&kf_last.raw, cycles) + kf_last.boot_offset;
	} while (read_seqcount_retry(&kf_last_seq, seq));
	*tsc = cycles;
	*ns = base;
	return true;
other:
	/* Only to end the section: an update more makes no difference. */
	read_seqcount_retry(&kf_last_seq, seq);
	return false;
}

/* Times that the boot offset has changed. */
extern u32 kf_sleeps;

/**
 * kf_snapshot_sleeps() - how often the machine was asleep since the module was loaded
 *
 * Context: any.
 * Return: the number.
 */
static inline u32 kf_snapshot_sleeps(void)
{
	return READ_ONCE(kf_sleeps);
}

#endif /* KVMCLOCK_FIX_SNAPSHOT_H */
