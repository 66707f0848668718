/* SPDX-License-Identifier: GPL-2.0-only */
/* Find unreported blocks of a zone, and isolate them. */
#ifndef MMH_SCAN_H
#define MMH_SCAN_H

#include <linux/types.h>

#include "cursor.h"
#include "policy.h"

struct mmh_inflight;
struct zone;

/**
 * struct mmh_scan - a pass through a zone
 * @zone:   the zone
 * @policy: what holds for it
 * @now:    jiffies when the pass began
 * @batch:  blocks visited in a section of zone->lock
 * @cursor: where it is
 * @wait:   jiffies until the first block that has to wait may be reported,
 *	    ULONG_MAX without any
 * @discarded: pages that need no report, the host has discarded them
 * @runs:   only ranges of several blocks or of a large one are reported
 * @left:   units were left unreported although they might have been reported
 * @refused: a block is isolated
 * @memory: of the zone, as of this section of zone->lock
 * @later:  the zone can do without more when blocks of it are put back
 * @scarce: the zone has too little free memory for more
 * @ended:  this half of the round is through
 * @empty:  nothing of the zone is unreported any more
 */
struct mmh_scan {
	struct zone *zone;
	struct mmh_policy policy;
	u32 now;
	unsigned int batch;
	struct mmh_cursor cursor;
	unsigned long wait;
	unsigned long discarded;
	bool runs;
	bool left;
	bool refused;
	struct mmh_policy_memory memory;
	bool later;
	bool scarce;
	bool ended;
	bool empty;
};

/**
 * mmh_scan_fill() - isolate blocks until a report is full or this half is through
 * @s:	   the pass
 * @f:	   the entry
 * @pages: most pages to isolate
 *
 * Context: the pass, may sleep.
 */
void mmh_scan_fill(struct mmh_scan *s, struct mmh_inflight *f, unsigned long pages);

#endif /* MMH_SCAN_H */
