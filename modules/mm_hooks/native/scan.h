/* SPDX-License-Identifier: GPL-2.0-only */
/* Find fresh blocks of a zone, and take them out of the allocator. */
#ifndef MM_HOOKS_SCAN_H
#define MM_HOOKS_SCAN_H

#include <linux/types.h>

#include "cursor.h"
#include "policy.h"

struct flight;
struct zone;

/**
 * struct scan - a pass through a zone
 * @zone:   the zone
 * @policy: what holds for it
 * @now:    jiffies when the pass began
 * @batch:  blocks visited in a section of zone->lock
 * @cursor: where it is
 * @wait:   jiffies until the first block that was spared may be asked for again,
 *	    ULONG_MAX without any
 * @discarded: pages that need no report, the host has discarded them
 * @left:   units were left fresh although they might have been reported
 * @refused: a block is isolated
 * @memory: of the zone, as of this section of zone->lock
 * @later:  the zone can do without more when something of it is back
 * @scarce: the zone has too little free memory to take more
 * @ended:  this half of the round is through
 */
struct scan {
	struct zone *zone;
	struct policy policy;
	u32 now;
	unsigned int batch;
	struct cursor cursor;
	unsigned long wait;
	unsigned long discarded;
	bool left;
	bool refused;
	struct policy_memory memory;
	bool later;
	bool scarce;
	bool ended;
};

/**
 * scan_fill() - take blocks until a flight is full or this half is through
 * @s:	   the pass
 * @f:	   the flight
 * @pages: most pages to take
 *
 * Context: the pass, may sleep.
 */
void scan_fill(struct scan *s, struct flight *f, unsigned long pages);

#endif /* MM_HOOKS_SCAN_H */
