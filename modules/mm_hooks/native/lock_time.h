/* SPDX-License-Identifier: GPL-2.0-only */
/* Sections of zone->lock, timed: how long interrupts are off because of us. */
#ifndef MM_HOOKS_LOCK_TIME_H
#define MM_HOOKS_LOCK_TIME_H

#include <linux/mmzone.h>
#include <linux/sched/clock.h>
#include <linux/spinlock.h>

/*
 * Longest section so far, nanoseconds.  Two that end at the same time may lose
 * the longer one, for good only if there never is another like it.
 */
extern u64 mm_hooks_longest_lock_ns;

struct lock_time {
	u64 since;
};

static inline void zone_lock(struct zone *zone, struct lock_time *time)
	__acquires(&zone->lock)
{
	spin_lock_irq(&zone->lock);
	time->since = local_clock();
}

static inline void zone_unlock(struct zone *zone, struct lock_time *time)
	__releases(&zone->lock)
{
	u64 ns = local_clock() - time->since;

	spin_unlock_irq(&zone->lock);
	if (ns > READ_ONCE(mm_hooks_longest_lock_ns))
		WRITE_ONCE(mm_hooks_longest_lock_ns, ns);
}

#endif /* MM_HOOKS_LOCK_TIME_H */
