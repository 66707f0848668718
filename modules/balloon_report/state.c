// SPDX-License-Identifier: GPL-2.0-only
/* The state of a device, its faults and its reset. */
#include "state.h"

#include <linux/delay.h>
#include <linux/jiffies.h>
#include <linux/virtio_config.h>

#include "queue.h"
#include "work.h"

/* The status that reads of an unplugged device return.  No device sets all bits. */
#define STATUS_UNPLUGGED 0xff

void br_state_set(struct br_device *dev, enum br_state state)
{
	struct br_queue *q;
	unsigned long flags;

	spin_lock_irqsave(&dev->work_lock, flags);
	if (state == BR_STOPPING)
		WRITE_ONCE(dev->stop_by, jiffies + BR_GRACE);
	if (dev->state != BR_LOST &&
	    (dev->state != BR_DEAD || state == BR_DOWN))
		WRITE_ONCE(dev->state, state);
	spin_unlock_irqrestore(&dev->work_lock, flags);
	for (q = dev->q; q < dev->q + BR_Q_MAX; q++)
		wake_up_all(&q->wait);
}

static u8 device_status(struct br_device *dev)
{
	return dev->vdev->config->get_status(dev->vdev);
}

bool br_device_is_unplugged(struct br_device *dev)
{
	return device_status(dev) == STATUS_UNPLUGGED;
}

const char *br_device_find_fault(struct br_device *dev)
{
	struct br_queue *q;
	u8 status;

	for (q = dev->q; q < dev->q + BR_Q_MAX; q++)
		if (q->vq && virtqueue_is_broken(q->vq))
			return "a virtqueue is broken";
	status = device_status(dev);
	if (status == STATUS_UNPLUGGED)
		return "the device is unplugged";
	if (status & VIRTIO_CONFIG_S_NEEDS_RESET)
		return "DEVICE_NEEDS_RESET is set";
	return NULL;
}

bool br_device_write_reset(struct br_device *dev)
{
	unsigned long until = jiffies + BR_GRACE;
	u8 status = device_status(dev);

	/* The PCI transport would wait for ever. */
	if (status == STATUS_UNPLUGGED)
		return true;
	virtio_reset_device(dev->vdev);
	while ((status = device_status(dev))) {
		if (status == STATUS_UNPLUGGED)
			return true;
		if (time_after(jiffies, until))
			return false;
		usleep_range(1000, 2000);
	}
	return true;
}

/* A lost device keeps using its rings and all buffers that it has. */
static void device_lose(struct br_device *dev)
{
	unsigned long pages = 0;
	struct br_queue *q;

	for (q = dev->q; q < dev->q + BR_Q_MAX; q++)
		if (q->on_lost)
			pages += q->on_lost(dev);
	WRITE_ONCE(dev->lost_pages, pages);
	dev_err(&dev->vdev->dev,
		"device ignores its reset: its virtqueues and %lu pages stay out of use, and no driver can bind it, until the guest reboots\n",
		pages);
}

void br_device_reset(struct br_device *dev, const char *why)
{
	bool reset;

	mutex_lock(&dev->reset_lock);
	if (br_is_unusable(dev))
		goto unlock;
	if (why)
		dev_err(&dev->vdev->dev, "resetting the device: %s\n", why);
	br_count(dev, resets);
	br_queues_close(dev);
	reset = br_device_write_reset(dev);
	br_state_set(dev, reset ? BR_DEAD : BR_LOST);
	if (reset)
		br_queues_detach(dev);
	else
		device_lose(dev);
	if (why)
		br_restart_queue(dev, 0);
unlock:
	mutex_unlock(&dev->reset_lock);
}
