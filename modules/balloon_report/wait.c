// SPDX-License-Identifier: GPL-2.0-only
/*
 * Waiting for the device to complete a buffer.
 *
 * An interrupt may be lost, so each wait also polls the ring.
 */
#include "wait.h"

#include <linux/jiffies.h>
#include <linux/minmax.h>
#include <linux/virtio_balloon.h>
#include <linux/virtio_config.h>

#include "balloon_report_trace.h"
#include "params.h"
#include "queue.h"
#include "state.h"

/* Jiffies between two polls of a queue with an interrupt, and of one without. */
#define WAIT_POLL (HZ / 2)
#define WAIT_POLL_QUIET 1

bool br_grace_expired(const struct br_device *dev, const struct br_queue *q)
{
	enum br_state state = br_state(dev);
	unsigned long until = READ_ONCE(dev->stop_by);
	unsigned long last = READ_ONCE(q->last_used) + BR_GRACE;

	if (state != BR_STOPPING &&
	    !(state == BR_LIVE && READ_ONCE(dev->suspending)))
		return false;
	if (virtio_has_feature(dev->vdev, VIRTIO_BALLOON_F_MUST_TELL_HOST) &&
	    time_after(last, until))
		until = last;
	return time_after(jiffies, until);
}

static bool wait_expired(struct br_device *dev, struct br_queue *q,
			 unsigned long since)
{
	unsigned long timeout = msecs_to_jiffies(br_host_timeout_ms());

	return br_grace_expired(dev, q) ||
	       time_after(jiffies, since + timeout);
}

/* A poll of each jiffy reads the status of the device less often than the ring. */
static void wait_check_fault(struct br_device *dev, unsigned long *next)
{
	const char *fault;

	if (time_before(jiffies, *next))
		return;
	*next = jiffies + WAIT_POLL;
	fault = br_device_find_fault(dev);
	if (fault)
		br_device_reset(dev, fault);
}

static void wait_timed_out(struct br_device *dev, unsigned int queue,
			   unsigned long since)
{
	br_count(dev, host_timeouts);
	trace_br_timeout(dev->vdev->index, queue);
	dev_warn_ratelimited(&dev->vdev->dev,
			     "virtqueue %u: timed out after %u ms: the pages of the buffer stay allocated until the device uses it\n",
			     queue, jiffies_to_msecs(jiffies - since));
}

int br_queue_wait(struct br_device *dev, struct br_queue *q, const bool *done)
{
	unsigned long since = jiffies, next = since + WAIT_POLL;

	do {
		wait_event_timeout(q->wait,
				   READ_ONCE(*done) || br_is_unusable(dev),
				   q->quiet ? WAIT_POLL_QUIET : WAIT_POLL);
		if (READ_ONCE(*done))
			return 0;
		br_queue_drain(dev, q);
		if (READ_ONCE(*done))
			return 0;
		if (br_state(dev) == BR_LOST)
			return -ETIMEDOUT;
		if (br_state(dev) == BR_DEAD)
			return -EIO;
		if (virtqueue_is_broken(q->vq))
			next = jiffies;
		wait_check_fault(dev, &next);
	} while (br_is_unusable(dev) || !wait_expired(dev, q, since));
	wait_timed_out(dev, q - dev->q, since);
	return -ETIMEDOUT;
}

bool br_queue_wait_until(struct br_device *dev, struct br_queue *q,
			 const bool *done, unsigned long until)
{
	long left;

	while (!READ_ONCE(*done) && !br_is_unusable(dev) &&
	       (left = until - jiffies) > 0) {
		wait_event_timeout(q->wait,
				   READ_ONCE(*done) || br_is_unusable(dev),
				   min(left, (long)WAIT_POLL));
		br_queue_drain(dev, q);
	}
	return READ_ONCE(*done) || br_is_unusable(dev);
}
