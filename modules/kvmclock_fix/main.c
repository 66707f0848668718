// SPDX-License-Identifier: GPL-2.0-only
/*
 * kvmclock_fix: follows the raw clock that KVM's guests are to be shown.
 *
 * An update's way: the timekeeper notifies, snapshot.c copies both of its
 * clocks, raw_clock.c computes with them, sysfs.c shows them.
 */
#include <linux/module.h>

#include "snapshot.h"
#include "sysfs.h"

static int __init kvmclock_fix_init(void)
{
	int err;

	err = kf_snapshot_init();
	if (err)
		return err;
	err = kf_sysfs_init();
	if (err)
		kf_snapshot_exit();
	return err;
}

static void __exit kvmclock_fix_exit(void)
{
	kf_sysfs_exit();
	kf_snapshot_exit();
}

module_init(kvmclock_fix_init);
module_exit(kvmclock_fix_exit);
MODULE_DESCRIPTION("Follows the raw clock that KVM's guests are shown");
MODULE_LICENSE("GPL");
MODULE_VERSION("0.1.0");
