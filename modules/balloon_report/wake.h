/* SPDX-License-Identifier: GPL-2.0-only */
/* What the host asks for keeps the system awake until it is done. */
#ifndef BALLOON_REPORT_WAKE_H
#define BALLOON_REPORT_WAKE_H

#include <linux/spinlock.h>
#include <linux/types.h>

struct br_device;

/* Who handles an event. */
#define BR_WAKE_SIZE 1U
#define BR_WAKE_STATS 2U

/**
 * struct br_wake - events that came and are not done
 * @lock:    covers all of it; interrupts off
 * @pending: handlers with an event that they have not looked at
 * @running: handlers that are at work on one
 * @awake:   the wakeup source of the device is active
 */
struct br_wake {
	spinlock_t lock;	/* see above */
	unsigned int pending;
	unsigned int running;
	bool awake;
};

/* Lets the administrator enable the wakeup source.  Context: process. */
void br_wake_init(struct br_device *dev);

/* The mirror; no event follows.  Context: process. */
void br_wake_exit(struct br_device *dev);

/**
 * br_wake_event() - an event came, or is not done yet
 * @dev:     the device
 * @handler: %BR_WAKE_SIZE or %BR_WAKE_STATS, whose work item is queued
 *
 * Context: any.
 */
void br_wake_event(struct br_device *dev, unsigned int handler);

/* The work item looks at its events.  Context: process. */
void br_wake_begin(struct br_device *dev, unsigned int handler);

/* It is done with those that came before br_wake_begin().  Context: process. */
void br_wake_end(struct br_device *dev, unsigned int handler);

/* No work item handles the events that came so far.  Context: process. */
void br_wake_drop(struct br_device *dev);

#endif /* BALLOON_REPORT_WAKE_H */
