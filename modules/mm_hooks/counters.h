/* SPDX-License-Identifier: GPL-2.0-only */
/* What mm_hooks counts.  Each is shown in sysfs under its name. */
#ifndef MMH_COUNTERS_H
#define MMH_COUNTERS_H

#include <linux/atomic.h>
#include <linux/types.h>

#include <vmhooks/mm_hooks.h>

/**
 * struct mmh_counters - totals since the module was loaded
 * @requests:	     requests: unreported memory is free
 * @passes:	     passes that were started
 * @checks:	     checks by the pacer's timer
 * @low_checks:	     checks for blocks below report_order
 * @reported:	     reports, see struct mmh_report_counts
 * @lost_bytes:	     bytes that stay out of use, see MMH_LOST
 * @reused_bytes:   reported memory that was used again, as the pacer estimates it
 * @forgets:	     times that everything was marked unreported
 * @pressure_waits:  native: waits of reclaim, OOM and isolation for blocks in flight
 * @pcp_drains:	     drains of the pcplists
 */
struct mmh_counters {
	atomic64_t requests;
	atomic64_t passes;
	atomic64_t checks;
	atomic64_t low_checks;
	struct mmh_report_counts reported;
	atomic64_t lost_bytes;
	atomic64_t reused_bytes;
	atomic64_t forgets;
	atomic64_t pressure_waits;
	atomic64_t pcp_drains;
};

extern struct mmh_counters mmh_counters;

/*
 * native: the longest section of zone->lock so far, in nanoseconds.  Of two that end
 * at the same time the longer one may be missed.
 */
extern u64 mmh_longest_lock_ns;

/* native: jiffies of the last pass, or of the attach.  Written by the pass. */
extern unsigned long mmh_last_pass;

#define mmh_count(name) atomic64_inc(&mmh_counters.name)
#define mmh_count_add(name, n) atomic64_add(n, &mmh_counters.name)

#endif /* MMH_COUNTERS_H */
