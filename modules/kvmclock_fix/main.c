// SPDX-License-Identifier: GPL-2.0-only
/*
 * kvmclock_fix: audits and corrects the clock that KVM publishes to guests.
 *
 * The timekeeper notifies, and snapshot.c copies its clocks (raw_clock.h).  On a host KVM
 * calls three hooks, which host.c attaches.  At a masterclock update rebase.c continues the
 * VM's clock line (line.c).  Before KVM writes a pvclock page publish.c corrects it.  Then
 * update.c audits the page (audit.c).  layout.c decides whether struct kvm may be accessed,
 * vm.c keeps the state of each VM, table.c finds it, and show.c shows it.  guest.c audits the
 * pages of the kernel it runs in, as a guest; vmclock.c reads the hypervisor's own page there.
 */
#include <linux/module.h>

#include "guest.h"
#include "host.h"
#include "params.h"
#include "show.h"
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
	kf_guest_init(vmhooks_bounded(&kf_guest_period_ms));
	err = kf_show_init();
	if (err)
		goto err_show;
	err = kf_sysfs_init();
	if (err)
		goto err_sysfs;
	return 0;

err_sysfs:
	kf_show_exit();
err_show:
	kf_guest_exit();
	kf_host_exit();
err_host:
	kf_snapshot_exit();
	return err;
}

static void __exit kvmclock_fix_exit(void)
{
	kf_sysfs_exit();
	kf_show_exit();
	kf_guest_exit();
	kf_host_exit();
	kf_snapshot_exit();
}

module_init(kvmclock_fix_init);
module_exit(kvmclock_fix_exit);
MODULE_DESCRIPTION("Audits and corrects the clock that KVM publishes to guests");
MODULE_LICENSE("GPL");
MODULE_VERSION(VMHOOKS_VERSION);
