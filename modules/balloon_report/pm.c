// SPDX-License-Identifier: GPL-2.0-only
/*
 * Suspend and hibernation, before devices are frozen.
 *
 * The kernel cancels suspend when a work item does not freeze within 20 s, and a wait
 * for a silent device may last longer.  So the device's last second begins with the
 * first notice of suspend, as when the driver stops.  A buffer that is in flight after
 * it stays in its chunk.
 */
#include "pm.h"

#include <linux/jiffies.h>
#include <linux/suspend.h>

#include <vmhooks/pm.h>

#include "size.h"
#include "state.h"

static void pm_suspend_begin(struct br_device *dev)
{
	spin_lock_irq(&dev->work_lock);
	WRITE_ONCE(dev->stop_by, jiffies + BR_GRACE);
	WRITE_ONCE(dev->suspending, true);
	spin_unlock_irq(&dev->work_lock);
}

static void pm_suspend_end(struct br_device *dev)
{
	WRITE_ONCE(dev->suspending, false);
	br_size_queue(dev);
}

static int pm_notify(struct notifier_block *nb, unsigned long action,
		     void *unused)
{
	struct br_device *dev = container_of(nb, struct br_device, pm);

	if (vmhooks_pm_begins(action))
		pm_suspend_begin(dev);
	else if (vmhooks_pm_ends(action))
		pm_suspend_end(dev);
	return NOTIFY_DONE;
}

void br_pm_init(struct br_device *dev)
{
	dev->pm.notifier_call = pm_notify;
}

/* Also called at resume: the notice of its end follows after the registration. */
int br_pm_start(struct br_device *dev)
{
	WRITE_ONCE(dev->suspending, false);
	return register_pm_notifier(&dev->pm);
}

void br_pm_stop(struct br_device *dev)
{
	unregister_pm_notifier(&dev->pm);
}
