// SPDX-License-Identifier: GPL-2.0-only
/* A queue of the device, and waiting for the host on it. */
#include "queue.h"

#include <linux/delay.h>
#include <linux/jiffies.h>
#include <linux/ratelimit.h>
#include <linux/rculist.h>
#include <linux/scatterlist.h>
#include <linux/virtio_balloon.h>

#include "balloon_report.h"
#include "balloon_report_trace.h"

/*
 * How often a wait looks for a broken queue or a lost interrupt, and in a queue
 * without one, for the answer itself.
 */
#define BR_POLL (HZ / 2)
#define BR_POLL_QUIET 1

/*
 * For the table of a buffer with several entries, which then takes one of the
 * ring.  Where there is no memory for it the entries go into the ring itself, so
 * no reserves are touched and nothing depends on it.  A buffer of one entry has
 * no table.
 */
#define BR_TABLE_GFP (GFP_NOWAIT | __GFP_NOWARN)

static struct br_queue *queue_of(struct br_device *dev, struct virtqueue *vq)
{
	struct br_queue *q;

	for (q = dev->q; q < dev->q + BR_Q_MAX; q++)
		if (q->vq == vq)
			return q;
	return NULL;
}

static void queue_get(struct br_device *dev, struct br_queue *q)
{
	unsigned int len;
	void *token;

	lockdep_assert_held(&q->lock);
	while ((token = virtqueue_get_buf(q->vq, &len))) {
		WRITE_ONCE(q->acked, jiffies);
		q->on_used(dev, token);
	}
}

void br_queue_drain(struct br_device *dev, struct br_queue *q)
{
	unsigned long flags;

	if (!q->vq)
		return;
	spin_lock_irqsave(&q->lock, flags);
	if (!br_is_over(dev)) {
		do {
			virtqueue_disable_cb(q->vq);
			queue_get(dev, q);
		} while (!q->quiet && !virtqueue_is_broken(q->vq) &&
			 !virtqueue_enable_cb(q->vq));
	}
	/* Who waits resets the device at once; perhaps nobody does. */
	if (virtqueue_is_broken(q->vq))
		br_queue_work(dev, &dev->life_work, 0);
	spin_unlock_irqrestore(&q->lock, flags);
	wake_up_all(&q->wait);
}

static void queue_interrupt(struct virtqueue *vq)
{
	struct br_device *dev = vq->vdev->priv;
	struct br_queue *q = queue_of(dev, vq);

	if (q)
		br_queue_drain(dev, q);
}

/*
 * A kick leaves the guest, for long at times, so it is not made under the lock;
 * br_queues_close() waits for those that were decided upon.
 */
static bool kick_prepare(struct br_queue *q)
{
	bool notify;

	lockdep_assert_held(&q->lock);
	notify = virtqueue_kick_prepare(q->vq);
	if (notify)
		atomic_inc(&q->kicks);
	return notify;
}

static void kick_host(struct br_queue *q)
{
	virtqueue_notify(q->vq);
	atomic_dec_return_release(&q->kicks);
}

int br_queue_send(struct br_device *dev, struct br_queue *q,
		  struct scatterlist *sg, unsigned int nents, bool in,
		  void *token, bool kick)
{
	unsigned long flags;
	bool notify = false;
	int err = -EIO;

	spin_lock_irqsave(&q->lock, flags);
	if (!q->open)
		goto unlock;
	if (in)
		err = virtqueue_add_inbuf(q->vq, sg, nents, token, BR_TABLE_GFP);
	else
		err = virtqueue_add_outbuf(q->vq, sg, nents, token, BR_TABLE_GFP);
	if (!err && kick)
		notify = kick_prepare(q);
unlock:
	spin_unlock_irqrestore(&q->lock, flags);
	if (notify)
		kick_host(q);
	return err;
}

void br_queue_kick(struct br_queue *q)
{
	unsigned long flags;
	bool notify;

	spin_lock_irqsave(&q->lock, flags);
	notify = q->open && kick_prepare(q);
	spin_unlock_irqrestore(&q->lock, flags);
	if (notify)
		kick_host(q);
}

void br_queues_open(struct br_device *dev)
{
	struct br_queue *q;

	for (q = dev->q; q < dev->q + BR_Q_MAX; q++) {
		spin_lock_irq(&q->lock);
		q->open = q->vq;
		WRITE_ONCE(q->acked, jiffies);
		spin_unlock_irq(&q->lock);
	}
}

void br_queues_close(struct br_device *dev)
{
	struct br_queue *q;

	for (q = dev->q; q < dev->q + BR_Q_MAX; q++) {
		spin_lock_irq(&q->lock);
		q->open = false;
		spin_unlock_irq(&q->lock);
		while (atomic_read_acquire(&q->kicks))
			usleep_range(10, 100);
	}
}

bool br_patience_is_over(const struct br_device *dev, const struct br_queue *q)
{
	enum br_state state = br_state(dev);
	unsigned long until = READ_ONCE(dev->stop_by);
	unsigned long last = READ_ONCE(q->acked) + BR_GRACE;

	if (state != BR_STOPPING &&
	    !(state == BR_LIVE && READ_ONCE(dev->sleeping)))
		return false;
	if (virtio_has_feature(dev->vdev, VIRTIO_BALLOON_F_MUST_TELL_HOST) &&
	    time_after(last, until))
		until = last;
	return time_after(jiffies, until);
}

/* Return: whether the wait is over without an answer. */
static bool queue_gives_up(struct br_device *dev, struct br_queue *q,
			   unsigned long since)
{
	unsigned long patience = msecs_to_jiffies(br_host_timeout_ms());

	return br_patience_is_over(dev, q) ||
	       time_after(jiffies, since + patience);
}

/* Where a wait looks each tick, the device is not asked as often. */
static void queue_check(struct br_device *dev, unsigned long *next)
{
	const char *fault;

	if (time_before(jiffies, *next))
		return;
	*next = jiffies + BR_POLL;
	fault = br_device_fault(dev);
	if (fault)
		br_reset(dev, fault);
}

int br_queue_wait(struct br_device *dev, struct br_queue *q, const bool *done)
{
	unsigned long since = jiffies, next = since + BR_POLL;

	do {
		wait_event_timeout(q->wait,
				   READ_ONCE(*done) || br_is_over(dev),
				   q->quiet ? BR_POLL_QUIET : BR_POLL);
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
		queue_check(dev, &next);
	} while (br_is_over(dev) || !queue_gives_up(dev, q, since));
	br_count(dev, host_timeouts);
	trace_balloon_report_timeout(dev->vdev->index, q - dev->q);
	dev_warn_ratelimited(&dev->vdev->dev,
			     "the host has not answered on queue %u for %u ms: its pages stay put until it does\n",
			     (unsigned int)(q - dev->q),
			     jiffies_to_msecs(jiffies - since));
	return -ETIMEDOUT;
}

static int queues_try(struct br_device *dev, unsigned int count)
{
	static const char *const names[BR_Q_MAX] = {
		"inflate", "deflate", "stats", "hint", "report"
	};
	struct virtqueue_info info[BR_Q_MAX] = {};
	struct virtqueue *vqs[BR_Q_MAX] = {};
	unsigned int i;
	int err;

	for (i = 0; i < count; i++) {
		if (!(dev->plan.queues & BIT(i)))
			continue;
		info[i].name = names[i];
		if (!dev->q[i].quiet)
			info[i].callback = queue_interrupt;
	}
	err = virtio_find_vqs(dev->vdev, BR_Q_MAX, vqs, info, NULL);
	for (i = 0; i < BR_Q_MAX; i++)
		dev->q[i].vq = err ? NULL : vqs[i];
	return err;
}

/*
 * The device goes on using the rings, so neither this driver nor the next one may
 * free them, and an interrupt may come at any time.
 */
static void queues_lose(struct virtio_device *vdev)
{
	struct virtqueue *vq, *next;

	list_for_each_entry_safe(vq, next, &vdev->vqs, list) {
		WRITE_ONCE(vq->callback, virtqueue_disable_cb);
		/* The transport walks the list in its interrupt. */
		list_del_rcu(&vq->list);
	}
	synchronize_rcu();
}

void br_queues_drop(struct br_device *dev)
{
	unsigned int i;

	if (br_state(dev) == BR_LOST) {
		queues_lose(dev->vdev);
		return;
	}
	/* Frees the interrupts first: no callback after it. */
	dev->vdev->config->del_vqs(dev->vdev);
	for (i = 0; i < BR_Q_MAX; i++)
		dev->q[i].vq = NULL;
}

int br_queues_find(struct br_device *dev)
{
	unsigned int count;
	int err;

	for (count = BR_Q_MAX; count > BR_Q_DEFLATE; count--) {
		if (!(dev->plan.queues & BIT(count - 1)))
			continue;
		err = queues_try(dev, count);
		if (!err)
			return 0;
		dev_warn(&dev->vdev->dev,
			 "the host's queues do not work up to the one of feature %u (error %d)\n",
			 count - 1, err);
	}
	return err;
}
