/* SPDX-License-Identifier: GPL-2.0-only */
/* The state of a device, its faults and its reset. */
#ifndef BALLOON_REPORT_STATE_H
#define BALLOON_REPORT_STATE_H

#include "device.h"

/* A device that is stopped has so many jiffies to complete its buffers. */
#define BR_GRACE HZ

/* A device that is dead or lost takes no buffer and completes none. */
static inline bool br_is_unusable(const struct br_device *dev)
{
	return br_state(dev) == BR_DEAD || br_state(dev) == BR_LOST;
}

/* Work goes on while the device is live.  From suspend on, pm.c queues it later. */
static inline bool br_is_runnable(const struct br_device *dev)
{
	return br_state(dev) == BR_LIVE && !READ_ONCE(dev->suspending);
}

/**
 * br_state_set() - enter a state and wake all waiters of the queues
 * @dev:   the device
 * @state: the new state
 *
 * A dead device only becomes down, a lost one stays lost.
 *
 * Context: any.
 */
void br_state_set(struct br_device *dev, enum br_state state);

/* Whether the device was unplugged.  Context: process. */
bool br_device_is_unplugged(struct br_device *dev);

/**
 * br_device_find_fault() - find out why a device needs a reset
 * @dev: the device, with its queues set up
 *
 * Context: process.
 * Return: the fault as a phrase for the log, or NULL without a fault.
 */
const char *br_device_find_fault(struct br_device *dev);

/**
 * br_device_write_reset() - reset a device whose buffers do not matter any more
 * @dev: the device
 *
 * Context: process, may sleep for %BR_GRACE.
 * Return: whether the device confirmed the reset or is unplugged.
 */
bool br_device_write_reset(struct br_device *dev);

/**
 * br_device_reset() - reset a device and get all buffers back
 * @dev: the device
 * @why: the fault for the log, or NULL when the driver stops the device
 *
 * Only the first call after a start resets.  After it every buffer was handed to
 * the on_used() function of its queue.  With a fault, the device is restarted
 * later.  Exception: a device that ignores the reset is lost, and its buffers stay
 * in flight.
 *
 * Context: process, may sleep.
 */
void br_device_reset(struct br_device *dev, const char *why);

#endif /* BALLOON_REPORT_STATE_H */
