// SPDX-License-Identifier: GPL-2.0-only
/*
 * fake_host: a virtio balloon device whose host is this module.
 *
 * The settings are in debugfs (debugfs.c).  queues.c, config.c and ring.c are the
 * transport, and host.c is the host.  clauses.c, hint.c, report.c and pages.c check
 * the driver.
 */
#include <linux/device.h>
#include <linux/jiffies.h>
#include <linux/module.h>
#include <linux/notifier.h>
#include <linux/pm.h>
#include <linux/slab.h>
#include <linux/suspend.h>
#include <linux/virtio_config.h>
#include <linux/virtio_ids.h>
#include <linux/virtio_ring.h>

#include "fake_host.h"
#include "fuzz.h"
#include "pages.h"

struct fh_host fh = {
	.plug_lock = __MUTEX_INITIALIZER(fh.plug_lock),
	.lock = __MUTEX_INITIALIZER(fh.lock),
	.features = BIT_ULL(VIRTIO_F_VERSION_1) |
		    BIT_ULL(VIRTIO_BALLOON_F_MUST_TELL_HOST) |
		    BIT_ULL(VIRTIO_BALLOON_F_STATS_VQ) |
		    BIT_ULL(VIRTIO_BALLOON_F_DEFLATE_ON_OOM) |
		    BIT_ULL(VIRTIO_BALLOON_F_FREE_PAGE_HINT) |
		    BIT_ULL(VIRTIO_BALLOON_F_PAGE_POISON) |
		    BIT_ULL(VIRTIO_BALLOON_F_REPORTING) |
		    BIT_ULL(VIRTIO_RING_F_INDIRECT_DESC),
	.touch = true,
};

static int parent_freeze(struct device *dev)
{
	return fh.plugged ? virtio_device_freeze(&fh.vdev) : 0;
}

static int parent_restore(struct device *dev)
{
	return fh.plugged ? virtio_device_restore(&fh.vdev) : 0;
}

static const struct dev_pm_ops parent_pm = {
	SET_SYSTEM_SLEEP_PM_OPS(parent_freeze, parent_restore)
};

static const struct device_type parent_type = {
	.name = "fake_host",
	.pm = &parent_pm,
};

static void parent_release(struct device *dev)
{
	kfree(dev);
}

static int parent_add(void)
{
	int err;

	fh.parent = kzalloc(sizeof(*fh.parent), GFP_KERNEL);
	if (!fh.parent)
		return -ENOMEM;
	device_initialize(fh.parent);
	fh.parent->type = &parent_type;
	fh.parent->release = parent_release;
	err = dev_set_name(fh.parent, "fake_host");
	if (!err)
		err = device_add(fh.parent);
	if (err)
		put_device(fh.parent);
	return err;
}

static void vdev_release(struct device *dev)
{
	complete(&fh.released);
}

static int plug_locked(void)
{
	int err;

	lockdep_assert_held(&fh.plug_lock);
	if (fh.plugged)
		return -EBUSY;
	memset(&fh.vdev, 0, sizeof(fh.vdev));
	fh.vdev.id.device = VIRTIO_ID_BALLOON;
	fh.vdev.config = &fh_config_ops;
	fh.vdev.dev.parent = fh.parent;
	fh.vdev.dev.release = vdev_release;
	fh.gone = false;
	fh.config.actual = 0;
	fh.config.poison_val = 0;
	init_completion(&fh.released);
	err = register_virtio_device(&fh.vdev);
	if (err) {
		put_device(&fh.vdev.dev);
		wait_for_completion(&fh.released);
		return err;
	}
	fh.plugged = true;
	return 0;
}

int fh_plug(void)
{
	int err;

	mutex_lock(&fh.plug_lock);
	err = plug_locked();
	mutex_unlock(&fh.plug_lock);
	return err;
}

/* A driver may have left queues behind: see fh_del_vqs(). */
static void unplug_queues(void)
{
	struct fh_queue *q;

	mutex_lock(&fh.lock);
	for (q = fh.q; q < fh.q + FH_QUEUES; q++) {
		irq_work_sync(&q->irq);
		q->vq = NULL;
	}
	mutex_unlock(&fh.lock);
}

/* Surprise removal: the host is gone before the driver notices. */
void fh_unplug(bool surprise)
{
	mutex_lock(&fh.plug_lock);
	if (fh.plugged) {
		fh_log("unplugged%s", surprise ? " by surprise" : "");
		if (surprise) {
			mutex_lock(&fh.lock);
			fh.gone = true;
			mutex_unlock(&fh.lock);
			virtio_break_device(&fh.vdev);
		}
		unregister_virtio_device(&fh.vdev);
		wait_for_completion(&fh.released);
		unplug_queues();
		fh.plugged = false;
	}
	mutex_unlock(&fh.plug_lock);
}

/* Work items do not run between a real freeze and restore; here the lock keeps them away. */
int fh_freeze(void)
{
	int err = -ENODEV;

	mutex_lock(&fh.plug_lock);
	if (fh.plugged) {
		device_lock(&fh.vdev.dev);
		err = virtio_device_freeze(&fh.vdev) ?: virtio_device_restore(&fh.vdev);
		device_unlock(&fh.vdev.dev);
	}
	mutex_unlock(&fh.plug_lock);
	return err;
}

/* A frozen driver cannot update "actual". Its second begins now. */
static int on_pm(struct notifier_block *nb, unsigned long action, void *unused)
{
	if (action == PM_POST_SUSPEND || action == PM_POST_HIBERNATION) {
		mutex_lock(&fh.lock);
		fh.resized = jiffies;
		mutex_unlock(&fh.lock);
	}
	return NOTIFY_OK;
}

static struct notifier_block pm_nb = { .notifier_call = on_pm };

static int __init fake_host_init(void)
{
	int err = fh_pages_init();

	if (err)
		return err;
	fh_queues_init();
	fh_config_init();
	err = parent_add();
	if (err)
		goto exit_pages;
	err = fh_host_start();
	if (err)
		goto del_parent;
	err = register_pm_notifier(&pm_nb);
	if (err)
		goto stop_host;
	err = fz_init();
	if (err)
		goto unregister_pm;
	fh_debugfs_init();
	return 0;

unregister_pm:
	unregister_pm_notifier(&pm_nb);
stop_host:
	fh_host_stop();
del_parent:
	device_unregister(fh.parent);
exit_pages:
	fh_pages_exit();
	return err;
}

static void __exit fake_host_exit(void)
{
	fh_debugfs_exit();
	fz_exit();
	unregister_pm_notifier(&pm_nb);
	fh_unplug(false);
	fh_host_stop();
	device_unregister(fh.parent);
	fh_pages_exit();
}

module_init(fake_host_init);
module_exit(fake_host_exit);
MODULE_DESCRIPTION("Virtio balloon device with a host to play with");
MODULE_LICENSE("GPL");
