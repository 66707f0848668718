// SPDX-License-Identifier: GPL-2.0-only
/* The virtqueues of a device. */
#include "queue.h"

#include <linux/delay.h>
#include <linux/jiffies.h>
#include <linux/rculist.h>
#include <linux/scatterlist.h>

#include "state.h"
#include "work.h"

/*
 * For the indirect descriptor table of a buffer with several entries.  Without memory for
 * it the entries go into the ring, so the allocation uses no reserves and may fail.  A
 * buffer of one entry has no table.
 */
#define QUEUE_TABLE_GFP (GFP_NOWAIT | __GFP_NOWARN)

void br_queues_init(struct br_device *dev)
{
	struct br_queue *q;

	for (q = dev->q; q < dev->q + BR_Q_MAX; q++) {
		spin_lock_init(&q->lock);
		init_waitqueue_head(&q->wait);
	}
}

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
		WRITE_ONCE(q->last_used, jiffies);
		q->on_used(dev, token);
	}
}

void br_queue_drain(struct br_device *dev, struct br_queue *q)
{
	unsigned long flags;

	if (!q->vq)
		return;
	spin_lock_irqsave(&q->lock, flags);
	if (!br_is_unusable(dev)) {
		do {
			virtqueue_disable_cb(q->vq);
			queue_get(dev, q);
		} while (!q->quiet && !virtqueue_is_broken(q->vq) &&
			 !virtqueue_enable_cb(q->vq));
	}
	/* A waiting task resets the device at once, but there may be none. */
	if (virtqueue_is_broken(q->vq))
		br_work_queue(dev, &dev->restart_work, 0);
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
 * A kick exits to the hypervisor, sometimes for long, so it is not done under the lock.
 * br_queues_close() waits for the kicks that are decided.
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

static void kick_device(struct br_queue *q)
{
	virtqueue_notify(q->vq);
	/* Pairs with br_queues_close(): the queue may be deleted behind it. */
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
		err = virtqueue_add_inbuf(q->vq, sg, nents, token, QUEUE_TABLE_GFP);
	else
		err = virtqueue_add_outbuf(q->vq, sg, nents, token, QUEUE_TABLE_GFP);
	if (!err && kick)
		notify = kick_prepare(q);
unlock:
	spin_unlock_irqrestore(&q->lock, flags);
	if (notify)
		kick_device(q);
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
		kick_device(q);
}

void br_queues_open(struct br_device *dev)
{
	struct br_queue *q;

	for (q = dev->q; q < dev->q + BR_Q_MAX; q++) {
		spin_lock_irq(&q->lock);
		q->open = q->vq;
		WRITE_ONCE(q->last_used, jiffies);
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
		/* Pairs with kick_device(). */
		while (atomic_read_acquire(&q->kicks))
			usleep_range(10, 100);
	}
}

static void queue_detach(struct br_device *dev, struct br_queue *q)
{
	unsigned long flags;
	void *token;

	if (!q->vq)
		return;
	spin_lock_irqsave(&q->lock, flags);
	while ((token = virtqueue_detach_unused_buf(q->vq)))
		q->on_used(dev, token);
	spin_unlock_irqrestore(&q->lock, flags);
	wake_up_all(&q->wait);
}

void br_queues_detach(struct br_device *dev)
{
	struct br_queue *q;

	for (q = dev->q; q < dev->q + BR_Q_MAX; q++)
		queue_detach(dev, q);
}

static const char *const queue_names[BR_Q_MAX] = {
	"inflate", "deflate", "stats", "hint", "report"
};

static int queues_try(struct br_device *dev, unsigned int count)
{
	struct virtqueue_info info[BR_Q_MAX] = {};
	struct virtqueue *vqs[BR_Q_MAX] = {};
	unsigned int i;
	int err;

	for (i = 0; i < count; i++) {
		if (!(dev->plan.queues & BIT(i)))
			continue;
		info[i].name = queue_names[i];
		if (!dev->q[i].quiet)
			info[i].callback = queue_interrupt;
	}
	err = virtio_find_vqs(dev->vdev, BR_Q_MAX, vqs, info, NULL);
	for (i = 0; i < BR_Q_MAX; i++)
		dev->q[i].vq = err ? NULL : vqs[i];
	return err;
}

/*
 * A lost device keeps using the rings, so neither this driver nor the next one may free
 * them.  An interrupt may arrive at any time.
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
	/* Frees the interrupts first: no callback runs after it. */
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
			 "failed to set up %u virtqueues: %d%s%s\n", count, err,
			 count - 1 > BR_Q_DEFLATE ? "; retrying without " : "",
			 count - 1 > BR_Q_DEFLATE ? queue_names[count - 1] : "");
	}
	return err;
}
