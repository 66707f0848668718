// SPDX-License-Identifier: GPL-2.0-only
/*
 * balloon_report: a virtio-balloon driver that gives memory back.
 *
 * It drives the same devices as the kernel's own driver, which stays in place:
 * when this one goes, the device is offered to it again.
 *
 * device.c has the order in which a device comes and goes; features.c what is
 * negotiated; queue.c the queues and the waits.  balloon.c, chunk.c, size.c,
 * target.c, cushion.c, oom.c, migrate.c, sleep.c and wake.c are the balloon
 * proper, report.c the free page reports, hint.c and hint_room.c the hints for a
 * migration, stats.c the statistics.
 */
#include <linux/crash_dump.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/virtio_balloon.h>
#include <linux/virtio_config.h>
#include <linux/virtio_ids.h>

#include <vmhooks/param.h>

#include "balloon_report.h"
#include "cc_platform.h"
#include "device.h"
#include "features.h"
#include "mm.h"

static bool reporting = true;
module_param(reporting, bool, 0444);
MODULE_PARM_DESC(reporting, "Report free memory to the host (default Y)");

static bool report_poisoned;
module_param(report_poisoned, bool, 0444);
MODULE_PARM_DESC(report_poisoned, "Report free memory also where page poisoning fills it (default N)");

static struct vmhooks_bounded floor_mb = { 64, .min = 0, .max = 1048576 };
module_param_cb(floor_mb, &vmhooks_bounded_ops, &floor_mb, 0644);
MODULE_PARM_DESC(floor_mb, "MiB that inflation leaves after reclaim, and hinting of available memory (0 to 1048576, default 64)");

static struct vmhooks_bounded oom_mb = { 16, .min = 1, .max = 4096 };
module_param_cb(oom_mb, &vmhooks_bounded_ops, &oom_mb, 0644);
MODULE_PARM_DESC(oom_mb, "MiB that deflate at a time when the guest is out of memory (1 to 4096, default 16)");

static struct vmhooks_bounded host_timeout_ms = { 10000, .min = 100, .max = 600000 };
module_param_cb(host_timeout_ms, &vmhooks_bounded_ops, &host_timeout_ms, 0644);
MODULE_PARM_DESC(host_timeout_ms, "Milliseconds to wait for the host before going on without it (100 to 600000, default 10000)");

unsigned int br_floor_mb(void)
{
	return vmhooks_bounded(&floor_mb);
}

unsigned int br_oom_mb(void)
{
	return vmhooks_bounded(&oom_mb);
}

unsigned int br_host_timeout_ms(void)
{
	return vmhooks_bounded(&host_timeout_ms);
}

/* Before FEATURES_OK: @vdev->features holds what both sides know. */
static struct br_plan balloon_plan(struct virtio_device *vdev)
{
	struct br_guest guest = {
		.init_on_free = want_init_on_free(),
		.poisoning = page_poisoning_enabled_static(),
		.encrypted = cc_platform_has(CC_ATTR_GUEST_MEM_ENCRYPT),
		.crashed = is_kdump_kernel(),
		.want_reporting = reporting,
		.report_poisoned = report_poisoned,
	};

	return br_features_plan(vdev->features, &guest);
}

static int balloon_validate(struct virtio_device *vdev)
{
	struct br_plan plan = balloon_plan(vdev);
	unsigned int bit;

	if (!vdev->config->get) {
		dev_err(&vdev->dev,
			"the transport gives no access to the configuration\n");
		return -EINVAL;
	}
	for (bit = 0; bit <= VIRTIO_BALLOON_F_REPORTING; bit++)
		if (!(plan.features & BIT_ULL(bit)))
			__virtio_clear_bit(vdev, bit);
	/*
	 * Physical addresses are what a balloon is about.  In a guest that
	 * gives nothing away only statistics are left, and they may be mapped.
	 */
	if (plan.inflate)
		__virtio_clear_bit(vdev, VIRTIO_F_ACCESS_PLATFORM);
	if (plan.why_not)
		dev_info(&vdev->dev, "free memory is not reported: %s\n",
			 plan.why_not);
	return 0;
}

static int balloon_probe(struct virtio_device *vdev)
{
	struct br_device *dev = br_device_alloc(vdev);
	int err;

	if (!dev)
		return -ENOMEM;
	vdev->priv = dev;
	dev->plan = balloon_plan(vdev);
	br_wake_init(dev);
	err = br_device_start(dev);
	if (err) {
		br_wake_exit(dev);
		vdev->priv = NULL;
		br_device_free(dev);
	}
	return err;
}

static void balloon_remove(struct virtio_device *vdev)
{
	struct br_device *dev = vdev->priv;

	br_device_stop(dev);
	br_wake_exit(dev);
	vdev->priv = NULL;
	br_device_free(dev);
}

static void balloon_config_changed(struct virtio_device *vdev)
{
	struct br_device *dev = vdev->priv;

	if (dev)
		br_device_changed(dev);
}

#ifdef CONFIG_PM_SLEEP
static int balloon_freeze(struct virtio_device *vdev)
{
	br_device_stop(vdev->priv);
	return 0;
}

/* What the host has discarded may be there again: report it once more. */
static int balloon_restore(struct virtio_device *vdev)
{
	int err = br_device_start(vdev->priv);

	/* Another device may report, or none. */
	if (!err)
		(void)mm_hooks_forget();
	return err;
}
#endif

static const struct virtio_device_id balloon_ids[] = {
	{ VIRTIO_ID_BALLOON, VIRTIO_DEV_ANY_ID },
	{ 0 },
};
MODULE_DEVICE_TABLE(virtio, balloon_ids);

static const unsigned int balloon_features[] = {
	VIRTIO_BALLOON_F_MUST_TELL_HOST,
	VIRTIO_BALLOON_F_STATS_VQ,
	VIRTIO_BALLOON_F_DEFLATE_ON_OOM,
	VIRTIO_BALLOON_F_FREE_PAGE_HINT,
	VIRTIO_BALLOON_F_PAGE_POISON,
	VIRTIO_BALLOON_F_REPORTING,
};

static struct virtio_driver balloon_driver = {
	.feature_table = balloon_features,
	.feature_table_size = ARRAY_SIZE(balloon_features),
	.driver = {
		.name = KBUILD_MODNAME,
		.owner = THIS_MODULE,
		.dev_groups = br_groups,
	},
	.id_table = balloon_ids,
	.validate = balloon_validate,
	.probe = balloon_probe,
	.remove = balloon_remove,
	.config_changed = balloon_config_changed,
#ifdef CONFIG_PM_SLEEP
	.freeze = balloon_freeze,
	.restore = balloon_restore,
#endif
};

/*
 * Counts a device.  One that another driver holds stays there until somebody moves
 * it.
 */
static int balloon_look(struct device *d, void *found)
{
	struct virtio_device *vdev = dev_to_virtio(d);
	struct device_driver *holder;

	if (vdev->id.device != VIRTIO_ID_BALLOON)
		return 0;
	++*(unsigned int *)found;
	device_lock(d);
	holder = d->driver;
	if (holder && holder != &balloon_driver.driver)
		pr_info("%s is held by %s: docs/install.md tells how to move it\n",
			dev_name(d), holder->name);
	device_unlock(d);
	return 0;
}

static int __init balloon_init(void)
{
	int err = register_virtio_driver(&balloon_driver);
	unsigned int found = 0;

	if (err)
		return err;
	bus_for_each_dev(balloon_driver.driver.bus, NULL, &found, balloon_look);
	if (!found)
		pr_info("no balloon device: nothing to do until the host offers one\n");
	return 0;
}

/* The devices go to whichever driver is left, the kernel's own as a rule. */
static void __exit balloon_exit(void)
{
	/* Const or not: that depends on the kernel. */
	typeof(balloon_driver.driver.bus) bus = balloon_driver.driver.bus;

	unregister_virtio_driver(&balloon_driver);
	if (bus_rescan_devices(bus))
		pr_warn("the devices were not offered to another driver\n");
}

module_init(balloon_init);
module_exit(balloon_exit);
MODULE_DESCRIPTION("Virtio balloon driver that reports free memory");
MODULE_LICENSE("GPL");
MODULE_VERSION("0.1.0");
