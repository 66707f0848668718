/* SPDX-License-Identifier: GPL-2.0-only */
/* Work items of a device, and the wakeup events that they handle. */
#ifndef BALLOON_REPORT_WORK_H
#define BALLOON_REPORT_WORK_H

#include <linux/bits.h>
#include <linux/spinlock.h>
#include <linux/types.h>
#include <linux/workqueue.h>

struct br_device;

/* The work items that handle wakeup events. */
#define BR_WAKEUP_SIZE BIT(0)
#define BR_WAKEUP_STATS BIT(1)

/**
 * struct br_wakeup - wakeup events that are not handled yet
 * @lock:    covers all fields; interrupts off
 * @pending: BR_WAKEUP_* of the work items that have an event to handle
 * @running: BR_WAKEUP_* of the work items that handle one now
 * @active:  the wakeup source of the device is active
 */
struct br_wakeup {
	spinlock_t lock;	/* see above */
	unsigned int pending;
	unsigned int running;
	bool active;
};

/**
 * br_work_queue() - queue a work item while the device is live
 * @dev:   the device
 * @work:  the work item
 * @delay: jiffies; an item that is due later becomes due then, none is postponed
 *
 * Context: any.
 */
void br_work_queue(struct br_device *dev, struct delayed_work *work,
		   unsigned long delay);

/**
 * br_restart_queue() - queue the check for a fault and the restart
 * @dev:   the device
 * @delay: jiffies
 *
 * In any state, until the driver is unbound or the system reboots.
 *
 * Context: any.
 */
void br_restart_queue(struct br_device *dev, unsigned long delay);

/* Make the wakeup source available in power/wakeup.  Context: process. */
void br_wakeup_init(struct br_device *dev);

/* The mirror of br_wakeup_init().  No event follows.  Context: process. */
void br_wakeup_exit(struct br_device *dev);

/**
 * br_wakeup_event() - keep the system awake until an event is handled
 * @dev:  the device
 * @item: %BR_WAKEUP_SIZE or %BR_WAKEUP_STATS, whose work item is queued
 *
 * Context: any.
 */
void br_wakeup_event(struct br_device *dev, unsigned int item);

/* The work item begins to handle its events.  Context: process. */
void br_wakeup_begin(struct br_device *dev, unsigned int item);

/* The events before br_wakeup_begin() are handled.  Context: process. */
void br_wakeup_end(struct br_device *dev, unsigned int item);

/* Drop all events: the work items are cancelled.  Context: process. */
void br_wakeup_drop(struct br_device *dev);

#endif /* BALLOON_REPORT_WORK_H */
