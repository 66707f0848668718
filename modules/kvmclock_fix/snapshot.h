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
 * @boot_offset: CLOCK_BOOTTIME minus CLOCK_MONOTONIC, nanoseconds
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

/* The last copy; readers repeat if the sequence count has changed. */
extern struct kf_snapshot kf_snapshot_last;
extern seqcount_t kf_snapshot_seq;

/**
 * kf_snapshot_init() - copy the timekeeper's clocks from now on
 *
 * Context: process, may sleep.
 * Return: 0 or a negative errno.
 */
int kf_snapshot_init(void);

/* No copy is made any more.  Context: process, may sleep. */
void kf_snapshot_exit(void);

/**
 * kf_snapshot_read() - the last copy, paired with the TSC
 * @snap: the copy
 *
 * Context: any but NMI.
 * Return: the TSC, read while the copy was the last one.  With another clocksource, its
 * counter at the last update.
 */
u64 kf_snapshot_read(struct kf_snapshot *snap);

/**
 * kf_snapshot_base() - the base of a VM's clock, paired with the TSC
 * @tsc: the host's TSC
 * @ns:  the raw clock plus the boot offset at @tsc, nanoseconds
 *
 * Both are of one timekeeper update.  For the master clock KVM computes the same value at
 * the same TSC, which is not behind the update either.
 *
 * Context: any but NMI.
 * Return: false where the clocksource is not the TSC; then nothing is written.
 */
static __always_inline bool kf_snapshot_base(u64 *tsc, s64 *ns)
{
	unsigned int seq;
	u64 cycles;
	s64 base;

	/* A result from an incomplete copy is discarded. */
	do {
		seq = read_seqcount_begin(&kf_snapshot_seq);
		if (unlikely(kf_snapshot_last.raw.vclock_mode != VDSO_CLOCKMODE_TSC))
			goto other;
		cycles = rdtsc_ordered();
		base = kf_clock_pair(&kf_snapshot_last.raw, &cycles) +
		       kf_snapshot_last.boot_offset;
	} while (read_seqcount_retry(&kf_snapshot_seq, seq));
	*tsc = cycles;
	*ns = base;
	return true;
other:
	/* Only ends the read section: another update makes no difference. */
	read_seqcount_retry(&kf_snapshot_seq, seq);
	return false;
}

/*
 * The raw clock's rate when the clocksource was the TSC last.  It changes while the host
 * boots.  Context: any.
 */
struct kf_raw_rate kf_snapshot_raw_rate(void);

/**
 * kf_snapshot_longest_gap() - the longest time between two updates of the timekeeper
 *
 * Of this machine, since the last call.
 *
 * Context: any.
 * Return: cycles of the TSC.
 */
u64 kf_snapshot_longest_gap(void);

/*
 * Suspends of the host since the module was loaded: changes of the boot offset.  Another rate
 * of the TSC counts as one, because nothing is comparable after that either.  Read by
 * READ_ONCE() in any context.
 */
extern u32 kf_suspends;

#endif /* KVMCLOCK_FIX_SNAPSHOT_H */
