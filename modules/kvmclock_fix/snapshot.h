/* SPDX-License-Identifier: GPL-2.0-only */
/* The timekeeper's clocks, copied at every update. */
#ifndef KVMCLOCK_FIX_SNAPSHOT_H
#define KVMCLOCK_FIX_SNAPSHOT_H

#include "raw_clock.h"

/**
 * struct kf_snapshot - one consistent copy
 * @mono:	 CLOCK_MONOTONIC
 * @raw:	 CLOCK_MONOTONIC_RAW
 * @boot_offset: CLOCK_BOOTTIME less CLOCK_MONOTONIC, nanoseconds
 * @updates:	 copies made since the module was loaded
 */
struct kf_snapshot {
	struct kf_clock mono;
	struct kf_clock raw;
	s64 boot_offset;
	u64 updates;
};

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

#endif /* KVMCLOCK_FIX_SNAPSHOT_H */
