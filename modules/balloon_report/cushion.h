/* SPDX-License-Identifier: GPL-2.0-only */
/* Memory that a squeeze keeps from the host, so that the guest has it afterwards. */
#ifndef BALLOON_REPORT_CUSHION_H
#define BALLOON_REPORT_CUSHION_H

#include <linux/list.h>
#include <linux/spinlock.h>
#include <linux/types.h>

struct br_device;

/**
 * struct br_cushion - pages that are held for the time of a squeeze
 * @lock:   covers all of it; taken in the OOM notifier, nothing sleeps under it
 * @blocks: blocks of free memory by the lru of their first page, whose private
 *	    is the order
 * @pages:  how many pages those are
 * @spent:  an OOM took the cushion in this run of the size worker
 * @given:  pages were given back before...
 * @when:   ...at that time in jiffies
 */
struct br_cushion {
	spinlock_t lock;	/* see above */
	struct list_head blocks;
	unsigned long pages;
	bool spent;
	bool given;
	unsigned long when;
};

void br_cushion_init(struct br_cushion *cushion);

/* A run of the size worker begins: it may take a cushion.  Context: size_work. */
void br_cushion_begin(struct br_cushion *cushion);

/**
 * br_cushion_take() - take a cushion, or what is missing of it
 * @dev:   the device
 * @pages: the size of the cushion
 *
 * Takes large blocks first, and only single pages reclaim.
 *
 * Context: size_work, may sleep; balloon_lock not held.
 * Return: true when the cushion is held.  Else nothing is held: the guest does
 * not have that much, it was out of memory, or the device is on its way out.
 */
bool br_cushion_take(struct br_device *dev, unsigned long pages);

/* Is any of it held?  Context: any. */
bool br_cushion_is_held(const struct br_cushion *cushion);

/* Was it taken by an OOM since br_cushion_begin()?  Context: any. */
bool br_cushion_is_spent(const struct br_cushion *cushion);

/* Give all of it back to the guest.  Context: process. */
void br_cushion_give(struct br_cushion *cushion);

/**
 * br_cushion_spend() - the guest is out of memory: give all of it back
 * @cushion: the cushion
 *
 * The size worker may have given it back since the allocator looked last.  Such
 * pages count for a second.
 *
 * Context: process, may hold any lock of the memory management.
 * Return: pages that the guest has now.
 */
unsigned long br_cushion_spend(struct br_cushion *cushion);

#endif /* BALLOON_REPORT_CUSHION_H */
