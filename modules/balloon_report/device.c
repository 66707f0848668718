// SPDX-License-Identifier: GPL-2.0-only
/*
 * The life of a device: the steps of going into service, and their mirror.
 *
 * Nothing is sent before DRIVER_OK.  On the way out the host has a second to
 * give back what it holds; then the device is reset, after which it can reach
 * nothing of the guest and all that it held is ours.
 *
 * A device that fails is reset, taken out of service, and started again after a
 * while.  A device that ignores a reset is lost: what it may still reach stays as
 * it is for ever.
 */
#include "device.h"

#include <linux/delay.h>
#include <linux/jiffies.h>
#include <linux/kmemleak.h>
#include <linux/reboot.h>
#include <linux/slab.h>
#include <linux/virtio_balloon.h>

#include "balloon.h"
#include "balloon_report.h"
#include "restart.h"
#include "size.h"
#include "target.h"

/* What a device answers that was pulled out: no device ever sets all bits. */
#define DEVICE_GONE 0xff

void br_set_state(struct br_device *dev, enum br_state state)
{
	struct br_queue *q;
	unsigned long flags;

	spin_lock_irqsave(&dev->work_lock, flags);
	if (state == BR_STOPPING)
		WRITE_ONCE(dev->stop_by, jiffies + BR_GRACE);
	/* From dead only a restart leads back, from lost nothing. */
	if (dev->state != BR_LOST &&
	    (dev->state != BR_DEAD || state == BR_DOWN))
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

static void life_queue(struct br_device *dev, unsigned long delay)
{
	unsigned long flags;

	spin_lock_irqsave(&dev->work_lock, flags);
	if (!dev->leaving)
		mod_delayed_work(system_freezable_wq, &dev->life_work, delay);
	spin_unlock_irqrestore(&dev->work_lock, flags);
}

static u8 device_status(struct br_device *dev)
{
	return dev->vdev->config->get_status(dev->vdev);
}

const char *br_device_fault(struct br_device *dev)
{
	struct br_queue *q;
	u8 status;

	for (q = dev->q; q < dev->q + BR_Q_MAX; q++)
		if (q->vq && virtqueue_is_broken(q->vq))
			return "a queue is broken";
	status = device_status(dev);
	if (status == DEVICE_GONE)
		return "the device is gone";
	return status & VIRTIO_CONFIG_S_NEEDS_RESET ? "the device needs it" :
						      NULL;
}

/* Return: whether the device can reach nothing of the guest any more. */
static bool device_reset(struct br_device *dev)
{
	unsigned long until = jiffies + BR_GRACE;
	u8 status = device_status(dev);

	/* The PCI transport would wait for ever. */
	if (status == DEVICE_GONE)
		return true;
	virtio_reset_device(dev->vdev);
	while ((status = device_status(dev))) {
		if (status == DEVICE_GONE)
			return true;
		if (time_after(jiffies, until))
			return false;
		usleep_range(1000, 2000);
	}
	return true;
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

static unsigned int chunk_lost(struct br_chunk *chunk)
{
	return READ_ONCE(chunk->out) ? READ_ONCE(chunk->count) : 0;
}

/* It goes on using its rings, and all that it has been given. */
static void device_lose(struct br_device *dev)
{
	dev->lost_pages = READ_ONCE(dev->pages_held) +
			  chunk_lost(&dev->inflate) +
			  chunk_lost(&dev->deflate) +
			  READ_ONCE(dev->hint.pending_pages);
	dev_err(&dev->vdev->dev,
		"the device ignores a reset: its queues and %lu pages stay out of use, and no driver can have it, until the guest reboots\n",
		dev->lost_pages);
	br_report_lose(dev);
}

void br_reset(struct br_device *dev, const char *why)
{
	struct br_queue *q;
	bool reset;

	mutex_lock(&dev->reset_lock);
	if (br_is_over(dev))
		goto unlock;
	if (why)
		dev_err(&dev->vdev->dev, "reset: %s\n", why);
	br_count(dev, resets);
	br_queues_close(dev);
	reset = device_reset(dev);
	br_set_state(dev, reset ? BR_DEAD : BR_LOST);
	for (q = dev->q; reset && q < dev->q + BR_Q_MAX; q++)
		queue_take_back(dev, q);
	if (!reset)
		device_lose(dev);
	if (why)
		life_queue(dev, 0);
unlock:
	mutex_unlock(&dev->reset_lock);
}

/* Nothing is queued any more. */
static void device_cancel_work(struct br_device *dev)
{
	cancel_delayed_work_sync(&dev->hint.work);
	cancel_delayed_work_sync(&dev->hint.floor_work);
	cancel_delayed_work_sync(&dev->stats.work);
	cancel_delayed_work_sync(&dev->size_work);
	br_wake_drop(dev);
}

/* From here on nothing happens by itself any more. */
static void device_quiesce(struct br_device *dev)
{
	br_report_stop(dev);
	br_set_state(dev, BR_STOPPING);
	device_cancel_work(dev);
	/* The size worker may hold a cushion until here. */
	br_oom_stop(dev);
}

/* It is not started again from here on. */
static void device_leave(struct br_device *dev)
{
	spin_lock_irq(&dev->work_lock);
	dev->leaving = true;
	spin_unlock_irq(&dev->work_lock);
	cancel_delayed_work_sync(&dev->life_work);
}

/*
 * The kernel resets every virtio device on its way down, whoever may be waiting
 * for one; this comes before it.  The host keeps what it has.
 */
static int device_reboot(struct notifier_block *nb, unsigned long action,
			 void *unused)
{
	struct br_device *dev = container_of(nb, struct br_device, reboot);

	device_leave(dev);
	if (dev->up)
		device_quiesce(dev);
	return NOTIFY_DONE;
}

static void life_func(struct work_struct *work);

struct br_device *br_device_alloc(struct virtio_device *vdev)
{
	struct br_device *dev = kzalloc(sizeof(*dev), GFP_KERNEL);
	struct br_queue *q;

	if (!dev)
		return NULL;
	dev->vdev = vdev;
	mutex_init(&dev->life_lock);
	mutex_init(&dev->reset_lock);
	spin_lock_init(&dev->work_lock);
	mutex_init(&dev->balloon_lock);
	INIT_LIST_HEAD(&dev->spare);
	INIT_LIST_HEAD(&dev->lost);
	for (q = dev->q; q < dev->q + BR_Q_MAX; q++) {
		spin_lock_init(&q->lock);
		init_waitqueue_head(&q->wait);
	}
	dev->q[BR_Q_INFLATE].on_used = br_chunk_used;
	dev->q[BR_Q_DEFLATE].on_used = br_chunk_used;
	dev->q[BR_Q_STATS].on_used = br_stats_used;
	dev->q[BR_Q_HINT].on_used = br_hint_used;
	INIT_DELAYED_WORK(&dev->life_work, life_func);
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
	/* The device has buffers in it, and queues that it refers to. */
	if (br_state(dev) == BR_LOST) {
		kmemleak_not_leak(dev);
		return;
	}
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

/*
 * What the virtio core does before it probes, one bit at a time: Firecracker takes no
 * two at once.
 */
static int device_negotiate(struct virtio_device *vdev)
{
	int err;

	virtio_add_status(vdev, VIRTIO_CONFIG_S_ACKNOWLEDGE);
	virtio_add_status(vdev, VIRTIO_CONFIG_S_DRIVER);
	err = vdev->config->finalize_features(vdev);
	if (err || !virtio_has_feature(vdev, VIRTIO_F_VERSION_1))
		return err;
	virtio_add_status(vdev, VIRTIO_CONFIG_S_FEATURES_OK);
	if (!(vdev->config->get_status(vdev) & VIRTIO_CONFIG_S_FEATURES_OK))
		return -ENODEV;
	return 0;
}

static int device_up(struct br_device *dev)
{
	int err;

	lockdep_assert_held(&dev->life_lock);
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
	device_write_poison(dev);
	br_size_start(dev);

	virtio_device_ready(dev->vdev);
	br_queues_open(dev);
	br_set_state(dev, BR_LIVE);
	dev->up = true;
	dev->up_since = jiffies;
	/* Should the device fail meanwhile: life_func() waits for life_lock. */
	br_report_start(dev);
	br_stats_start(dev);
	br_device_changed(dev);
	return 0;

stop_hint:
	br_hint_stop(dev);
	br_migrate_stop(dev);
drop_queues:
	br_queues_drop(dev);
	return err;
}

/* The end of a life: the device is dead or lost, and nothing is queued. */
static void device_down(struct br_device *dev)
{
	lockdep_assert_held(&dev->life_lock);
	br_hint_stop(dev);
	if (br_state(dev) == BR_LOST)
		br_balloon_lose(dev);
	else
		br_balloon_empty(dev);
	br_hint_release(dev);
	br_migrate_stop(dev);
	br_queues_drop(dev);
	if (br_state(dev) == BR_LOST)
		br_lose_pages(dev);
	dev->up = false;
}

/* It has failed. */
static void device_fall(struct br_device *dev)
{
	unsigned long lived = jiffies - dev->up_since;

	br_report_stop(dev);
	device_cancel_work(dev);
	br_oom_stop(dev);
	/* After probe() the virtio core sets DRIVER_OK where it does not find it. */
	if (br_state(dev) == BR_DEAD)
		device_reset(dev);
	device_down(dev);
	dev->failures = br_restart_failures(dev->failures,
					    jiffies_to_msecs(lived));
}

static int device_rise(struct br_device *dev)
{
	int err = -EIO;

	br_set_state(dev, BR_DOWN);
	if (device_reset(dev))
		err = device_negotiate(dev->vdev);
	if (!err)
		err = device_up(dev);
	if (!err) {
		br_count(dev, restarts);
		dev_info(&dev->vdev->dev, "in service again\n");
		return 0;
	}
	device_reset(dev);
	br_set_state(dev, BR_DEAD);
	dev->failures++;
	return err;
}

/* The device may have failed, or it is time to start it again. */
static void life_run(struct br_device *dev)
{
	const char *fault = NULL;

	lockdep_assert_held(&dev->life_lock);
	if (br_state(dev) == BR_LIVE)
		fault = br_device_fault(dev);
	if (fault)
		br_reset(dev, fault);
	if (br_is_over(dev)) {
		if (dev->up)
			device_fall(dev);
		else if (br_state(dev) == BR_DEAD)
			device_rise(dev);
		if (br_state(dev) == BR_DEAD &&
		    device_status(dev) != DEVICE_GONE)
			life_queue(dev, msecs_to_jiffies(br_backoff_ms(dev->failures)));
	}
}

/* Not while the virtio core binds or unbinds the device. */
static void life_func(struct work_struct *work)
{
	struct br_device *dev =
		container_of(work, struct br_device, life_work.work);

	if (!device_trylock(&dev->vdev->dev)) {
		life_queue(dev, 1);
		return;
	}
	mutex_lock(&dev->life_lock);
	life_run(dev);
	mutex_unlock(&dev->life_lock);
	device_unlock(&dev->vdev->dev);
}

int br_device_start(struct br_device *dev)
{
	int err;

	if (br_state(dev) == BR_LOST)
		return -EIO;
	err = br_sleep_start(dev);
	if (err)
		return err;
	mutex_lock(&dev->life_lock);
	dev->leaving = false;
	dev->failures = 0;
	err = device_up(dev);
	mutex_unlock(&dev->life_lock);
	if (err)
		br_sleep_stop(dev);
	else
		/* Never fails. */
		register_reboot_notifier(&dev->reboot);
	return err;
}

void br_device_changed(struct br_device *dev)
{
	br_queue_work(dev, &dev->life_work, 0);
	br_size_changed(dev);
	br_hint_changed(dev);
}

/*
 * The reset has emptied the balloon, and the device may not know.  Its configuration
 * may be written after FEATURES_OK.
 */
static void device_publish_end(struct br_device *dev)
{
	mutex_lock(&dev->balloon_lock);
	if (dev->published != dev->pages_held &&
	    device_status(dev) != DEVICE_GONE) {
		if (!device_negotiate(dev->vdev))
			br_size_publish(dev);
		device_reset(dev);
	}
	mutex_unlock(&dev->balloon_lock);
}

/* The host is told about every page, as long as it listens. */
static void device_stop_up(struct br_device *dev)
{
	device_quiesce(dev);
	br_balloon_empty(dev);
	mutex_lock(&dev->balloon_lock);
	br_size_publish(dev);
	mutex_unlock(&dev->balloon_lock);
	br_reset(dev, NULL);
	device_down(dev);
}

void br_device_stop(struct br_device *dev)
{
	unregister_reboot_notifier(&dev->reboot);
	br_sleep_stop(dev);
	device_leave(dev);
	mutex_lock(&dev->life_lock);
	if (dev->up)
		device_stop_up(dev);
	mutex_unlock(&dev->life_lock);
	if (br_state(dev) == BR_LOST)
		return;
	br_set_state(dev, BR_DOWN);
	device_publish_end(dev);
}
