/* SPDX-License-Identifier: GPL-2.0-only */
/* The reserve: free memory that is allocated while inflation makes the guest reclaim. */
#ifndef BALLOON_REPORT_RESERVE_H
#define BALLOON_REPORT_RESERVE_H

#include <linux/list.h>
#include <linux/spinlock.h>
#include <linux/types.h>

struct br_device;

/**
 * struct br_reserve - blocks that are allocated for one run of the size worker
 * @lock:     covers all fields; taken in the OOM notifier, nothing sleeps under it
 * @blocks:   blocks of free memory, linked by the lru of their first page, with the
 *	      order in its private field
 * @pages:    pages in @blocks
 * @oom:      an OOM notification freed the reserve in this run of the size worker
 * @freed:    the reserve was freed, at @freed_at
 * @freed_at: jiffies
 */
struct br_reserve {
	spinlock_t lock;	/* see above */
	struct list_head blocks;
	unsigned long pages;
	bool oom;
	bool freed;
	unsigned long freed_at;
};

void br_reserve_init(struct br_reserve *reserve);

/* Allow a new run of the size worker to fill the reserve.  Context: size.work. */
void br_reserve_begin(struct br_reserve *reserve);

/**
 * br_reserve_fill() - fill the reserve up to a size
 * @dev:   the device
 * @pages: the size
 *
 * Allocates large blocks first.  Only allocations of single pages reclaim.
 *
 * Context: size.work, may sleep; balloon.lock not held.
 * Return: true when the reserve is full.  Otherwise it is empty: the guest does not
 * have that much memory, it was out of memory, or the device is not runnable.
 */
bool br_reserve_fill(struct br_device *dev, unsigned long pages);

/* Whether the reserve has pages.  Context: any. */
bool br_reserve_has_pages(const struct br_reserve *reserve);

/* Whether an OOM freed the reserve since br_reserve_begin().  Context: any. */
bool br_reserve_is_oom_freed(const struct br_reserve *reserve);

/* Free the reserve.  Context: process. */
void br_reserve_free(struct br_reserve *reserve);

/**
 * br_reserve_free_on_oom() - free the reserve for the OOM path
 * @reserve: the reserve
 *
 * The size worker may have freed it since the allocator last failed.  Within a second
 * such pages count, too.
 *
 * Context: process, may hold any lock of the memory management.
 * Return: pages that have become free.
 */
unsigned long br_reserve_free_on_oom(struct br_reserve *reserve);

#endif /* BALLOON_REPORT_RESERVE_H */
