// SPDX-License-Identifier: GPL-2.0-only
/*
 * kvmclock_fix: the clock that KVM shows its guests, looked at and corrected.
 *
 * A clock's way: the timekeeper notifies, snapshot.c copies its clocks and
 * raw_clock.h computes with them; KVM takes the master clock and makes a page of
 * it, correct.c lets it go on where the last one was (line.c); host.c looks at
 * what guests are shown (audit.c) and keeps it in vms.c; in a guest, guest.c looks
 * at what it is shown.  sysfs.c tells.
 */
#include <linux/module.h>

#include "guest.h"
#include "host.h"
#include "snapshot.h"
#include "sysfs.h"

static int __init kvmclock_fix_init(void)
{
	int err;

	err = kf_snapshot_init();
	if (err)
		return err;
	err = kf_host_init();
	if (err)
		goto err_host;
	kf_guest_init();
	err = kf_sysfs_init();
	if (err)
		goto err_sysfs;
	return 0;

err_sysfs:
	kf_guest_exit();
	kf_host_exit();
err_host:
	kf_snapshot_exit();
	return err;
}

static void __exit kvmclock_fix_exit(void)
{
	kf_sysfs_exit();
	kf_guest_exit();
	kf_host_exit();
	kf_snapshot_exit();
}

module_init(kvmclock_fix_init);
module_exit(kvmclock_fix_exit);
MODULE_DESCRIPTION("Looks at the clock that KVM shows its guests, and corrects it");
MODULE_LICENSE("GPL");
MODULE_VERSION("0.1.0");
