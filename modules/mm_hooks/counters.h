/* SPDX-License-Identifier: GPL-2.0-only */
/* What mm_hooks counts.  Each is shown in sysfs under its name. */
#ifndef MM_HOOKS_COUNTERS_H
#define MM_HOOKS_COUNTERS_H

#include <linux/atomic.h>

/**
 * struct mm_hooks_counters - totals since the module was loaded
 * @requests:	     times the kernel said that unreported memory is there
 * @passes:	     passes that were let go
 * @checks:	     timer wake-ups of the pacer
 * @reported_chains: chains that the host has acknowledged
 * @reported_bytes:  bytes in them
 * @report_errors:   chains that failed
 * @lost_bytes:	     bytes that stay out of use, see MM_HOOKS_LOST
 * @retaken_bytes:   reported memory that was taken into use again
 * @forgets:	     times that everything was made unreported again
 * @taken_blocks:    blocks that were taken out of the allocator (native)
 * @pressure_waits:  times that somebody had to wait for memory that was with the
 *		     host (native)
 * @pcp_drains:	     times that the lists of the processors were emptied
 */
struct mm_hooks_counters {
	atomic64_t requests;
	atomic64_t passes;
	atomic64_t checks;
	atomic64_t reported_chains;
	atomic64_t reported_bytes;
	atomic64_t report_errors;
	atomic64_t lost_bytes;
	atomic64_t retaken_bytes;
	atomic64_t forgets;
	atomic64_t taken_blocks;
	atomic64_t pressure_waits;
	atomic64_t pcp_drains;
};

extern struct mm_hooks_counters mm_hooks_counters;

#define mm_hooks_count(name) atomic64_inc(&mm_hooks_counters.name)
#define mm_hooks_count_add(name, n) atomic64_add(n, &mm_hooks_counters.name)

#endif /* MM_HOOKS_COUNTERS_H */
