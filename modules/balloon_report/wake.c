// SPDX-License-Identifier: GPL-2.0-only
/*
 * What the host asks for keeps the system awake until it is done.
 *
 * The interrupt wakes a sleeping system, but the work items are frozen with it: a
 * system that goes back to sleep at once would never answer.  So the device has a
 * wakeup source, which the administrator enables in power/wakeup.
 */
#include "wake.h"

#include <linux/device.h>
#include <linux/virtio.h>

#include "balloon_report.h"

static void wake_update(struct br_device *dev)
{
	struct br_wake *wake = &dev->wake;
	bool busy = wake->pending || wake->running;

	lockdep_assert_held(&wake->lock);
	if (busy && !wake->awake)
		pm_stay_awake(&dev->vdev->dev);
	if (!busy && wake->awake)
		pm_relax(&dev->vdev->dev);
	wake->awake = busy;
}

void br_wake_event(struct br_device *dev, unsigned int handler)
{
	unsigned long flags;

	/* In another state no work item is queued. */
	if (br_state(dev) != BR_LIVE)
		return;
	spin_lock_irqsave(&dev->wake.lock, flags);
	dev->wake.pending |= handler;
	wake_update(dev);
	spin_unlock_irqrestore(&dev->wake.lock, flags);
}

void br_wake_begin(struct br_device *dev, unsigned int handler)
{
	spin_lock_irq(&dev->wake.lock);
	dev->wake.pending &= ~handler;
	dev->wake.running |= handler;
	spin_unlock_irq(&dev->wake.lock);
}

void br_wake_end(struct br_device *dev, unsigned int handler)
{
	spin_lock_irq(&dev->wake.lock);
	dev->wake.running &= ~handler;
	wake_update(dev);
	spin_unlock_irq(&dev->wake.lock);
}

void br_wake_init(struct br_device *dev)
{
	spin_lock_init(&dev->wake.lock);
	device_set_wakeup_capable(&dev->vdev->dev, true);
}

void br_wake_drop(struct br_device *dev)
{
	spin_lock_irq(&dev->wake.lock);
	dev->wake.pending = 0;
	wake_update(dev);
	spin_unlock_irq(&dev->wake.lock);
}

void br_wake_exit(struct br_device *dev)
{
	br_wake_drop(dev);
	device_init_wakeup(&dev->vdev->dev, false);
}
