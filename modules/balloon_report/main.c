// SPDX-License-Identifier: GPL-2.0-only
/*
 * balloon_report: a virtio-balloon driver that reports free memory.
 *
 * It drives the same devices as virtio_balloon of the kernel.  Both may be loaded: when
 * this module is unloaded, the driver core offers the devices to the other one.
 *
 * A file calls only files that stand before it:
 *
 *   params.c, features.c, target.c, backoff.c, hint_budget.c, stats_encode.c:
 *	parameters and decisions
 *   work.c, queue.c, state.c, wait.c:
 *	work items, virtqueues, reset, waits
 *   chunk.c, reserve.c, balloon.c, migrate.c:
 *	the pages of the balloon
 *   stats.c, hint.c, report.c:
 *	the other three queues
 *   oom.c, size.c, pm.c:
 *	what changes the size of the balloon
 *   device.c, sysfs.c, main.c:
 *	bring-up and tear-down, the interface to the driver core
 */
#include <linux/crash_dump.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/virtio_balloon.h>
#include <linux/virtio_config.h>
#include <linux/virtio_ids.h>

#include <vmhooks/mm_hooks.h>

#include "cc_platform.h"
#include "device.h"
#include "features.h"
#include "mm.h"
#include "params.h"
#include "sysfs.h"

static struct br_plan balloon_plan(u64 offered)
{
	struct br_guest guest = {
		.init_on_free = want_init_on_free(),
		.poisoning = page_poisoning_enabled_static(),
		.encrypted = cc_platform_has(CC_ATTR_GUEST_MEM_ENCRYPT),
		.crash_kernel = is_kdump_kernel(),
		.want_reporting = br_reporting(),
		.report_poisoned = br_report_poisoned(),
	};

	return br_features_plan(offered, &guest);
}

/* Here @vdev->features has the bits that both sides know. */
static int balloon_validate(struct virtio_device *vdev)
{
	struct br_plan plan = balloon_plan(vdev->features);
	unsigned int bit;

	if (!vdev->config->get) {
		dev_err(&vdev->dev,
			"transport without access to the configuration space\n");
		return -EINVAL;
	}
	for (bit = 0; bit <= VIRTIO_BALLOON_F_REPORTING; bit++)
		if (!(plan.features & BIT_ULL(bit)))
			__virtio_clear_bit(vdev, bit);
	/*
	 * A balloon needs physical addresses.  A guest that does not inflate only
	 * has statistics, which may go through the DMA API.
	 */
	if (plan.inflate)
		__virtio_clear_bit(vdev, VIRTIO_F_ACCESS_PLATFORM);
	if (plan.off_reason)
		dev_info(&vdev->dev, "free memory is not reported: %s\n",
			 plan.off_reason);
	return 0;
}

static int balloon_probe(struct virtio_device *vdev)
{
	struct br_device *dev = br_device_alloc(vdev);
	int err;

	if (!dev)
		return -ENOMEM;
	vdev->priv = dev;
	dev->plan = balloon_plan(vdev->features);
	/* balloon_validate() has cleared the bits that are declined. */
	dev->plan.off_reason = balloon_plan(vmhooks_virtio_features(vdev)).off_reason;
	err = br_device_start(dev);
	if (err) {
		vdev->priv = NULL;
		br_device_free(dev);
	}
	return err;
}

static void balloon_remove(struct virtio_device *vdev)
{
	struct br_device *dev = vdev->priv;

	br_device_stop(dev);
	vdev->priv = NULL;
	br_device_free(dev);
}

static void balloon_config_changed(struct virtio_device *vdev)
{
	struct br_device *dev = vdev->priv;

	if (dev)
		br_device_config_changed(dev);
}

#ifdef CONFIG_PM_SLEEP
static int balloon_freeze(struct virtio_device *vdev)
{
	br_device_stop(vdev->priv);
	return 0;
}

/* The device may have restored discarded pages: report all free memory again. */
static int balloon_restore(struct virtio_device *vdev)
{
	int err = br_device_start(vdev->priv);

	/* Without a reporter it is left to the next one. */
	if (!err)
		(void)mmh_forget();
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

/* Count the balloon devices, and log those that another driver has bound. */
static int balloon_count_unbound(struct device *d, void *found)
{
	struct virtio_device *vdev = dev_to_virtio(d);
	struct device_driver *driver;

	if (vdev->id.device != VIRTIO_ID_BALLOON)
		return 0;
	++*(unsigned int *)found;
	device_lock(d);
	driver = d->driver;
	if (driver && driver != &balloon_driver.driver)
		pr_info("%s is bound to %s: see docs/install.md to rebind it\n",
			dev_name(d), driver->name);
	device_unlock(d);
	return 0;
}

static int __init balloon_init(void)
{
	int err = register_virtio_driver(&balloon_driver);
	unsigned int found = 0;

	if (err)
		return err;
	bus_for_each_dev(balloon_driver.driver.bus, NULL, &found, balloon_count_unbound);
	if (!found)
		pr_info("no balloon device found\n");
	return 0;
}

/* Offer the devices to the other driver, which is virtio_balloon as a rule. */
static void __exit balloon_exit(void)
{
	/* The type is const on newer kernels. */
	typeof(balloon_driver.driver.bus) bus = balloon_driver.driver.bus;

	unregister_virtio_driver(&balloon_driver);
	if (bus_rescan_devices(bus))
		pr_warn("failed to offer the devices to another driver: bind them by hand\n");
}

module_init(balloon_init);
module_exit(balloon_exit);
MODULE_DESCRIPTION("Virtio balloon driver that reports free memory");
MODULE_LICENSE("GPL");
MODULE_VERSION(VMHOOKS_VERSION);
