// SPDX-License-Identifier: GPL-2.0-only
/*
 * Work items of a device, and the wakeup events that they handle.
 *
 * An interrupt of the device wakes a suspended system, but the work items are on a
 * freezable workqueue.  A system that suspends again at once would never answer.  So
 * the device has a wakeup source, which is active until the event is handled.  The
 * administrator enables it in power/wakeup.
 */
#include "work.h"

#include <linux/device.h>
#include <linux/jiffies.h>
#include <linux/virtio.h>

#include "device.h"

/* Whether an item runs within @delay as it is.  An item without a timer does. */
static bool work_is_due(struct delayed_work *work, unsigned long delay)
{
	return delayed_work_pending(work) &&
	       (!timer_pending(&work->timer) ||
		time_before_eq(work->timer.expires, jiffies + delay));
}

void br_work_queue(struct br_device *dev, struct delayed_work *work,
		   unsigned long delay)
{
	unsigned long flags;

	spin_lock_irqsave(&dev->work_lock, flags);
	if (dev->state == BR_LIVE && !work_is_due(work, delay))
		mod_delayed_work(system_freezable_wq, work, delay);
	spin_unlock_irqrestore(&dev->work_lock, flags);
}

void br_restart_queue(struct br_device *dev, unsigned long delay)
{
	unsigned long flags;

	spin_lock_irqsave(&dev->work_lock, flags);
	if (!dev->no_restart)
		mod_delayed_work(system_freezable_wq, &dev->restart_work, delay);
	spin_unlock_irqrestore(&dev->work_lock, flags);
}

static void wakeup_update(struct br_device *dev)
{
	struct br_wakeup *wakeup = &dev->wakeup;
	bool busy = wakeup->pending || wakeup->running;

	lockdep_assert_held(&wakeup->lock);
	if (busy && !wakeup->active)
		pm_stay_awake(&dev->vdev->dev);
	if (!busy && wakeup->active)
		pm_relax(&dev->vdev->dev);
	wakeup->active = busy;
}

void br_wakeup_event(struct br_device *dev, unsigned int item)
{
	unsigned long flags;

	/* In another state no work item is queued. */
	if (br_state(dev) != BR_LIVE)
		return;
	spin_lock_irqsave(&dev->wakeup.lock, flags);
	dev->wakeup.pending |= item;
	wakeup_update(dev);
	spin_unlock_irqrestore(&dev->wakeup.lock, flags);
}

void br_wakeup_begin(struct br_device *dev, unsigned int item)
{
	spin_lock_irq(&dev->wakeup.lock);
	dev->wakeup.pending &= ~item;
	dev->wakeup.running |= item;
	spin_unlock_irq(&dev->wakeup.lock);
}

void br_wakeup_end(struct br_device *dev, unsigned int item)
{
	spin_lock_irq(&dev->wakeup.lock);
	dev->wakeup.running &= ~item;
	wakeup_update(dev);
	spin_unlock_irq(&dev->wakeup.lock);
}

void br_wakeup_drop(struct br_device *dev)
{
	spin_lock_irq(&dev->wakeup.lock);
	dev->wakeup.pending = 0;
	wakeup_update(dev);
	spin_unlock_irq(&dev->wakeup.lock);
}

void br_wakeup_init(struct br_device *dev)
{
	spin_lock_init(&dev->wakeup.lock);
	device_set_wakeup_capable(&dev->vdev->dev, true);
}

void br_wakeup_exit(struct br_device *dev)
{
	br_wakeup_drop(dev);
	device_init_wakeup(&dev->vdev->dev, false);
}
