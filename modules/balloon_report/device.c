// SPDX-License-Identifier: GPL-2.0-only
/*
 * A balloon device: bring-up, tear-down and restart.
 *
 * No buffer is sent before DRIVER_OK.  When the driver stops, the device has a second
 * to complete its buffers.  Then it is reset: it cannot access the memory of the guest
 * any more, and all buffers return to the driver.
 *
 * A device that fails is reset, torn down and restarted after a wait.  A device that
 * ignores a reset is lost: everything that it may access stays as it is for good.
 */
#include "device.h"

#include <linux/jiffies.h>
#include <linux/kmemleak.h>
#include <linux/reboot.h>
#include <linux/slab.h>
#include <linux/virtio_balloon.h>

#include "backoff.h"
#include "migrate.h"
#include "pm.h"
#include "state.h"

/* No work is queued any more. */
static void device_cancel_work(struct br_device *dev)
{
	cancel_delayed_work_sync(&dev->hint.work);
	cancel_delayed_work_sync(&dev->hint.floor_work);
	cancel_delayed_work_sync(&dev->stats.work);
	cancel_delayed_work_sync(&dev->size.work);
	br_wakeup_drop(dev);
}

/* From here on the driver sends only what its caller sends. */
static void device_quiesce(struct br_device *dev)
{
	br_report_stop(dev);
	br_state_set(dev, BR_STOPPING);
	device_cancel_work(dev);
	/* The size worker may have filled the reserve until here. */
	br_oom_stop(dev);
}

static void device_stop_restarts(struct br_device *dev)
{
	spin_lock_irq(&dev->work_lock);
	dev->no_restart = true;
	spin_unlock_irq(&dev->work_lock);
	cancel_delayed_work_sync(&dev->restart_work);
}

/*
 * The kernel resets every virtio device when it reboots, whether or not a task waits for
 * one.  This notifier runs before that.  The pages stay in the balloon.
 */
static int device_reboot(struct notifier_block *nb, unsigned long action,
			 void *unused)
{
	struct br_device *dev = container_of(nb, struct br_device, reboot);

	device_stop_restarts(dev);
	if (dev->up)
		device_quiesce(dev);
	return NOTIFY_DONE;
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
 * As the virtio core does it before probe().  One status bit at a time: Firecracker
 * rejects two at once.
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

/*
 * What virtio_device_ready() does, except for its WARN_ON (5.10: BUG_ON) if the device has
 * DRIVER_OK already.  A device that is gone or lies has it; its fault is found later.
 */
static void device_ready(struct virtio_device *vdev)
{
#ifdef CONFIG_VIRTIO_HARDEN_NOTIFICATION
	virtio_synchronize_cbs(vdev);
	__virtio_unbreak_device(vdev);
#endif
	virtio_add_status(vdev, VIRTIO_CONFIG_S_DRIVER_OK);
}

static int device_up(struct br_device *dev)
{
	int err;

	lockdep_assert_held(&dev->start_lock);
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
	br_balloon_read_actual(dev);
	br_size_start(dev);

	device_ready(dev->vdev);
	br_queues_open(dev);
	br_state_set(dev, BR_LIVE);
	dev->up = true;
	dev->up_since = jiffies;
	/* If the device fails from here on, restart_func() waits for start_lock. */
	br_report_start(dev);
	br_stats_start(dev);
	br_device_config_changed(dev);
	return 0;

stop_hint:
	br_hint_stop(dev);
	br_migrate_stop(dev);
drop_queues:
	br_queues_drop(dev);
	return err;
}

/* The device is dead or lost, and no work is queued. */
static void device_down(struct br_device *dev)
{
	lockdep_assert_held(&dev->start_lock);
	br_hint_stop(dev);
	if (br_state(dev) == BR_LOST)
		br_balloon_lose(dev);
	else
		br_balloon_deflate_all(dev);
	br_hint_free_retained(dev);
	br_migrate_stop(dev);
	br_queues_drop(dev);
	if (br_state(dev) == BR_LOST) {
		br_balloon_mark_lost(dev);
		br_hint_mark_lost(dev);
	}
	dev->up = false;
}

/* Tear down a device that failed. */
static void restart_down(struct br_device *dev)
{
	unsigned long up = jiffies - dev->up_since;

	br_report_stop(dev);
	device_cancel_work(dev);
	br_oom_stop(dev);
	/* After probe() the virtio core sets DRIVER_OK if it is not set. */
	if (br_state(dev) == BR_DEAD)
		br_device_write_reset(dev);
	device_down(dev);
	dev->failures = br_restart_failures(dev->failures,
					    jiffies_to_msecs(up));
}

static void restart_up(struct br_device *dev)
{
	int err = -EIO;

	br_state_set(dev, BR_DOWN);
	if (br_device_write_reset(dev))
		err = device_negotiate(dev->vdev);
	if (!err)
		err = device_up(dev);
	if (!err) {
		br_count(dev, restarts);
		dev_info(&dev->vdev->dev, "restarted after a reset\n");
		return;
	}
	br_device_write_reset(dev);
	br_state_set(dev, BR_DEAD);
	dev->failures++;
}

static void restart_run(struct br_device *dev)
{
	const char *fault = NULL;

	lockdep_assert_held(&dev->start_lock);
	if (br_state(dev) == BR_LIVE)
		fault = br_device_find_fault(dev);
	if (fault)
		br_device_reset(dev, fault);
	if (!br_is_unusable(dev))
		return;
	if (dev->up)
		restart_down(dev);
	else if (br_state(dev) == BR_DEAD)
		restart_up(dev);
	if (br_state(dev) == BR_DEAD && !br_device_is_unplugged(dev))
		br_restart_queue(dev, msecs_to_jiffies(br_backoff_ms(dev->failures)));
}

/* Not while the virtio core binds or unbinds the device. */
static void restart_func(struct work_struct *work)
{
	struct br_device *dev =
		container_of(work, struct br_device, restart_work.work);

	if (!device_trylock(&dev->vdev->dev)) {
		br_restart_queue(dev, 1);
		return;
	}
	mutex_lock(&dev->start_lock);
	restart_run(dev);
	mutex_unlock(&dev->start_lock);
	device_unlock(&dev->vdev->dev);
}

struct br_device *br_device_alloc(struct virtio_device *vdev)
{
	struct br_device *dev = kzalloc(sizeof(*dev), GFP_KERNEL);

	if (!dev)
		return NULL;
	dev->vdev = vdev;
	mutex_init(&dev->reset_lock);
	spin_lock_init(&dev->work_lock);
	mutex_init(&dev->start_lock);
	INIT_DELAYED_WORK(&dev->restart_work, restart_func);
	dev->reboot.notifier_call = device_reboot;
	br_queues_init(dev);
	br_wakeup_init(dev);
	br_reserve_init(&dev->reserve);
	br_size_init(dev);
	br_stats_init(dev);
	br_hint_init(dev);
	br_oom_init(dev);
	br_pm_init(dev);
	br_report_init(dev);
	if (br_balloon_init(dev)) {
		br_device_free(dev);
		return NULL;
	}
	return dev;
}

void br_device_free(struct br_device *dev)
{
	br_wakeup_exit(dev);
	/* The device has buffers in it, and virtqueues refer to it. */
	if (br_state(dev) == BR_LOST) {
		kmemleak_not_leak(dev);
		return;
	}
	br_balloon_free(dev);
	kfree(dev);
}

int br_device_start(struct br_device *dev)
{
	int err;

	if (br_state(dev) == BR_LOST)
		return -EIO;
	err = br_pm_start(dev);
	if (err)
		return err;
	mutex_lock(&dev->start_lock);
	dev->no_restart = false;
	dev->failures = 0;
	err = device_up(dev);
	mutex_unlock(&dev->start_lock);
	if (err)
		br_pm_stop(dev);
	else
		/* Never fails. */
		register_reboot_notifier(&dev->reboot);
	return err;
}

void br_device_config_changed(struct br_device *dev)
{
	br_work_queue(dev, &dev->restart_work, 0);
	br_size_queue(dev);
	br_hint_config_changed(dev);
}

/*
 * The reset has emptied the balloon, and the device may not know.  Its configuration
 * may be written after FEATURES_OK.
 */
static void device_write_last_actual(struct br_device *dev)
{
	mutex_lock(&dev->balloon.lock);
	if (dev->balloon.actual != dev->balloon.num_inflated &&
	    !br_device_is_unplugged(dev)) {
		if (!device_negotiate(dev->vdev))
			br_balloon_write_actual(dev);
		br_device_write_reset(dev);
	}
	mutex_unlock(&dev->balloon.lock);
}

/* Every page deflates as long as the device uses buffers. */
static void device_stop_up(struct br_device *dev)
{
	device_quiesce(dev);
	br_balloon_deflate_all(dev);
	mutex_lock(&dev->balloon.lock);
	br_balloon_write_actual(dev);
	mutex_unlock(&dev->balloon.lock);
	br_device_reset(dev, NULL);
	device_down(dev);
}

void br_device_stop(struct br_device *dev)
{
	unregister_reboot_notifier(&dev->reboot);
	br_pm_stop(dev);
	device_stop_restarts(dev);
	mutex_lock(&dev->start_lock);
	if (dev->up)
		device_stop_up(dev);
	mutex_unlock(&dev->start_lock);
	if (br_state(dev) == BR_LOST)
		return;
	br_state_set(dev, BR_DOWN);
	device_write_last_actual(dev);
}
