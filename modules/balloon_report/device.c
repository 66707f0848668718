// SPDX-License-Identifier: GPL-2.0-only
/*
 * The life of a device: the steps of going into service, and their mirror.
 *
 * Nothing is sent before DRIVER_OK.  On the way out the host has a second to
 * give back what it holds; then the device is reset, after which it can reach
 * nothing of the guest and all that it held is ours.
 */
#include "device.h"

#include <linux/jiffies.h>
#include <linux/reboot.h>
#include <linux/slab.h>
#include <linux/virtio_balloon.h>

#include "balloon.h"
#include "balloon_report.h"
#include "size.h"

void br_set_state(struct br_device *dev, enum br_state state)
{
	struct br_queue *q;
	unsigned long flags;

	spin_lock_irqsave(&dev->work_lock, flags);
	if (state == BR_STOPPING)
		WRITE_ONCE(dev->stop_by, jiffies + BR_GRACE);
	/* From dead only a restart leads back. */
	if (dev->state != BR_DEAD || state == BR_DOWN)
		WRITE_ONCE(dev->state, state);
	spin_unlock_irqrestore(&dev->work_lock, flags);
	for (q = dev->q; q < dev->q + BR_Q_MAX; q++)
		wake_up_all(&q->wait);
}

/* Will an item run within @delay as it is?  Without its timer, at once. */
static bool work_is_due(struct delayed_work *work, unsigned long delay)
{
	return delayed_work_pending(work) &&
	       (!timer_pending(&work->timer) ||
		time_before_eq(work->timer.expires, jiffies + delay));
}

void br_queue_work(struct br_device *dev, struct delayed_work *work,
		   unsigned long delay)
{
	unsigned long flags;

	spin_lock_irqsave(&dev->work_lock, flags);
	if (dev->state == BR_LIVE && !work_is_due(work, delay))
		mod_delayed_work(system_freezable_wq, work, delay);
	spin_unlock_irqrestore(&dev->work_lock, flags);
}

/* The host can reach none of them any more: they count as returned. */
static void queue_take_back(struct br_device *dev, struct br_queue *q)
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

void br_reset(struct br_device *dev, const char *why)
{
	struct br_queue *q;

	mutex_lock(&dev->reset_lock);
	if (br_state(dev) != BR_DEAD) {
		if (why)
			dev_err(&dev->vdev->dev,
				"reset: %s; all memory goes back to the guest, unbind and bind to start again\n",
				why);
		br_queues_close(dev);
		virtio_reset_device(dev->vdev);
		br_set_state(dev, BR_DEAD);
		for (q = dev->q; q < dev->q + BR_Q_MAX; q++)
			queue_take_back(dev, q);
		if (why)
			schedule_work(&dev->fail_work);
	}
	mutex_unlock(&dev->reset_lock);
}

/* A queue is broken, or the device has died in service: what is left to do. */
static void fail_func(struct work_struct *work)
{
	struct br_device *dev = container_of(work, struct br_device, fail_work);

	br_reset(dev, "a queue is broken");
	br_report_stop(dev);
	br_balloon_empty(dev);
	br_hint_release(dev);
}

/* From here on nothing happens by itself any more. */
static void device_quiesce(struct br_device *dev)
{
	br_report_stop(dev);
	br_set_state(dev, BR_STOPPING);
	br_oom_stop(dev);
	cancel_delayed_work_sync(&dev->hint.work);
	cancel_delayed_work_sync(&dev->hint.floor_work);
	cancel_delayed_work_sync(&dev->stats.work);
	cancel_delayed_work_sync(&dev->size_work);
}

/*
 * The kernel resets every virtio device on its way down, whoever may be waiting
 * for one; this comes before it.  The host keeps what it has.
 */
static int device_reboot(struct notifier_block *nb, unsigned long action,
			 void *unused)
{
	device_quiesce(container_of(nb, struct br_device, reboot));
	return NOTIFY_DONE;
}

struct br_device *br_device_alloc(struct virtio_device *vdev)
{
	struct br_device *dev = kzalloc(sizeof(*dev), GFP_KERNEL);
	struct br_queue *q;

	if (!dev)
		return NULL;
	dev->vdev = vdev;
	mutex_init(&dev->reset_lock);
	spin_lock_init(&dev->work_lock);
	mutex_init(&dev->balloon_lock);
	INIT_LIST_HEAD(&dev->spare);
	for (q = dev->q; q < dev->q + BR_Q_MAX; q++) {
		spin_lock_init(&q->lock);
		init_waitqueue_head(&q->wait);
	}
	dev->q[BR_Q_INFLATE].on_used = br_chunk_used;
	dev->q[BR_Q_DEFLATE].on_used = br_chunk_used;
	dev->q[BR_Q_STATS].on_used = br_stats_used;
	dev->q[BR_Q_HINT].on_used = br_hint_used;
	INIT_WORK(&dev->fail_work, fail_func);
	dev->reboot.notifier_call = device_reboot;
	br_size_init(dev);
	br_stats_init(dev);
	br_hint_init(dev);
	br_oom_init(dev);
	br_sleep_init(dev);
	br_report_init(dev);
	if (br_chunk_init(&dev->inflate, &dev->q[BR_Q_INFLATE]) ||
	    br_chunk_init(&dev->deflate, &dev->q[BR_Q_DEFLATE])) {
		br_device_free(dev);
		return NULL;
	}
	return dev;
}

void br_device_free(struct br_device *dev)
{
	br_chunk_free(&dev->deflate);
	br_chunk_free(&dev->inflate);
	kfree(dev);
}

/* Before DRIVER_OK and never again. */
static void device_write_poison(struct br_device *dev)
{
	u32 poison_val = dev->plan.poison_val;

	if (virtio_has_feature(dev->vdev, VIRTIO_BALLOON_F_PAGE_POISON))
		virtio_cwrite_le(dev->vdev, struct virtio_balloon_config,
				 poison_val, &poison_val);
}

int br_device_start(struct br_device *dev)
{
	int err;

	err = br_queues_find(dev);
	if (err)
		return err;
	err = br_migrate_start(dev);
	if (err)
		goto drop_queues;
	br_hint_start(dev);
	err = br_oom_start(dev);
	if (err)
		goto stop_hint;
	err = br_sleep_start(dev);
	if (err)
		goto stop_oom;
	device_write_poison(dev);

	virtio_device_ready(dev->vdev);
	br_queues_open(dev);
	br_set_state(dev, BR_LIVE);
	/* Before anything is sent: should the host fail it, fail_func() unregisters. */
	br_report_start(dev);
	br_stats_start(dev);
	br_device_changed(dev);
	/* Never fails. */
	register_reboot_notifier(&dev->reboot);
	return 0;

stop_oom:
	br_oom_stop(dev);
stop_hint:
	br_hint_stop(dev);
	br_migrate_stop(dev);
drop_queues:
	br_queues_drop(dev);
	return err;
}

void br_device_changed(struct br_device *dev)
{
	br_size_changed(dev);
	br_hint_changed(dev);
}

void br_device_stop(struct br_device *dev)
{
	unregister_reboot_notifier(&dev->reboot);
	br_sleep_stop(dev);
	device_quiesce(dev);
	br_hint_stop(dev);
	/* The host is told about every page, as long as it listens. */
	br_balloon_empty(dev);
	br_size_publish_end(dev);

	br_reset(dev, NULL);
	cancel_work_sync(&dev->fail_work);
	br_balloon_empty(dev);
	br_hint_release(dev);
	br_migrate_stop(dev);
	br_queues_drop(dev);
	br_set_state(dev, BR_DOWN);
}
