/* SPDX-License-Identifier: GPL-2.0-only */
/* Sections of zone->lock, timed: how long interrupts are off because of us. */
#ifndef MMH_LOCK_TIME_H
#define MMH_LOCK_TIME_H

#include <linux/mmzone.h>
#include <linux/sched/clock.h>
#include <linux/spinlock.h>

#include "../counters.h"

struct mmh_lock_time {
	u64 since;
};

static inline void mmh_zone_lock(struct zone *zone, struct mmh_lock_time *time)
	__acquires(&zone->lock)
{
	spin_lock_irq(&zone->lock);
	time->since = local_clock();
}

static inline void mmh_zone_unlock(struct zone *zone, struct mmh_lock_time *time)
	__releases(&zone->lock)
{
	u64 ns = local_clock() - time->since;

	spin_unlock_irq(&zone->lock);
	if (ns > READ_ONCE(mmh_longest_lock_ns))
		WRITE_ONCE(mmh_longest_lock_ns, ns);
}

#endif /* MMH_LOCK_TIME_H */
