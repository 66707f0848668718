/* SPDX-License-Identifier: GPL-2.0-only */
/* Waiting for the device to complete a buffer. */
#ifndef BALLOON_REPORT_WAIT_H
#define BALLOON_REPORT_WAIT_H

#include <linux/types.h>

struct br_device;
struct br_queue;

/**
 * br_grace_expired() - check whether a device that stops had its last second
 * @dev: the device
 * @q:	 the queue with the buffer in flight
 *
 * The second begins when the driver stops the device or suspend begins.  With
 * MUST_TELL_HOST it begins again with each buffer that the device uses.
 *
 * Context: any.
 * Return: whether it has expired; false while the device is not stopped.
 */
bool br_grace_expired(const struct br_device *dev, const struct br_queue *q);

/**
 * br_queue_wait() - wait for a buffer
 * @dev:  the device
 * @q:	  the queue
 * @done: set by on_used()
 *
 * Ends after the parameter host_timeout_ms at the latest, or when
 * br_grace_expired().  A device with a fault is reset, which ends the wait, too.
 *
 * Context: process, may sleep.
 * Return: 0 when @done is set; -ETIMEDOUT while the buffer is in flight or when
 * the device is lost; -EIO when the device is dead, possibly just before
 * on_used() is called.
 */
int br_queue_wait(struct br_device *dev, struct br_queue *q, const bool *done);

/**
 * br_queue_wait_until() - wait for a buffer until a deadline
 * @dev:   the device
 * @q:	   the queue
 * @done:  set by on_used()
 * @until: the deadline in jiffies
 *
 * Does not check the device for a fault and counts no timeout.
 *
 * Context: process, may sleep.
 * Return: false while the buffer is in flight.
 */
bool br_queue_wait_until(struct br_device *dev, struct br_queue *q,
			 const bool *done, unsigned long until);

#endif /* BALLOON_REPORT_WAIT_H */
