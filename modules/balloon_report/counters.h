/* SPDX-License-Identifier: GPL-2.0-only */
/* What a device counts.  Each counter is a file in sysfs of the same name. */
#ifndef BALLOON_REPORT_COUNTERS_H
#define BALLOON_REPORT_COUNTERS_H

#include <linux/atomic.h>

/**
 * struct br_counters - totals since the driver was bound
 * @inflated_pages:	pages that inflation added to the balloon
 * @deflated_pages:	pages that deflation freed
 * @oom_deflated_pages: pages of @deflated_pages that an OOM notification freed
 * @migrated_pages:	pages of the balloon that compaction moved
 * @alloc_failures:	runs of the size worker that found no memory
 * @stats_updates:	statistics that were sent
 * @hint_blocks:	free blocks that were sent as hints
 * @hint_cmds:		commands that were sent on the hint queue
 * @host_timeouts:	waits that ended without an answer of the device
 * @resets:		resets of the device
 * @restarts:		successful restarts after a failure
 */
struct br_counters {
	atomic64_t inflated_pages;
	atomic64_t deflated_pages;
	atomic64_t oom_deflated_pages;
	atomic64_t migrated_pages;
	atomic64_t alloc_failures;
	atomic64_t stats_updates;
	atomic64_t hint_blocks;
	atomic64_t hint_cmds;
	atomic64_t host_timeouts;
	atomic64_t resets;
	atomic64_t restarts;
};

#define br_count(dev, name) atomic64_inc(&(dev)->counters.name)
#define br_count_add(dev, name, n) atomic64_add(n, &(dev)->counters.name)

#endif /* BALLOON_REPORT_COUNTERS_H */
