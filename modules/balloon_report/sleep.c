// SPDX-License-Identifier: GPL-2.0-only
/*
 * Suspend and hibernation, the part of it before devices are asked.
 *
 * The kernel gives up after 20 s when a work item does not let itself be frozen,
 * and one that waits for a silent host may wait for longer.  So from the first
 * notice on the host has the same last second as when the device goes.  What it
 * has not acknowledged by then stays in its chunk, as after any wait.
 */
#include <linux/jiffies.h>
#include <linux/suspend.h>

#include "balloon_report.h"
#include "size.h"

static void sleep_begin(struct br_device *dev)
{
	spin_lock_irq(&dev->work_lock);
	WRITE_ONCE(dev->stop_by, jiffies + BR_GRACE);
	WRITE_ONCE(dev->sleeping, true);
	spin_unlock_irq(&dev->work_lock);
}

static void sleep_end(struct br_device *dev)
{
	WRITE_ONCE(dev->sleeping, false);
	br_size_changed(dev);
}

static int sleep_notify(struct notifier_block *nb, unsigned long action,
			void *unused)
{
	struct br_device *dev = container_of(nb, struct br_device, sleep);

	switch (action) {
	case PM_SUSPEND_PREPARE:
	case PM_HIBERNATION_PREPARE:
	case PM_RESTORE_PREPARE:
		sleep_begin(dev);
		break;
	case PM_POST_SUSPEND:
	case PM_POST_HIBERNATION:
	case PM_POST_RESTORE:
		sleep_end(dev);
		break;
	}
	return NOTIFY_DONE;
}

void br_sleep_init(struct br_device *dev)
{
	dev->sleep.notifier_call = sleep_notify;
}

/* Also on the way out of sleep: its end is told to whoever listens by then. */
int br_sleep_start(struct br_device *dev)
{
	WRITE_ONCE(dev->sleeping, false);
	return register_pm_notifier(&dev->sleep);
}

void br_sleep_stop(struct br_device *dev)
{
	unregister_pm_notifier(&dev->sleep);
}
