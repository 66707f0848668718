// SPDX-License-Identifier: GPL-2.0-only
/* The parameters of kvmclock_fix. */
#include "params.h"

#include <linux/module.h>

#include "guest.h"

struct vmhooks_bounded kf_fix = { 1, .min = 0, .max = 1 };
module_param_cb(fix, &vmhooks_bounded_ops, &kf_fix, 0644);
MODULE_PARM_DESC(fix, "1: correct the clocks that this host publishes; 0: audit only (0 or 1, default 1)");

struct vmhooks_bounded kf_max_vms = { 1024, .min = 1, .max = 4096 };
module_param_cb(max_vms, &vmhooks_bounded_ops, &kf_max_vms, 0444);
MODULE_PARM_DESC(max_vms, "VMs at most, with 64 vCPUs each in the mean (1 to 4096, default 1024); about 1 KiB for a VM and 200 bytes for a vCPU while there is one");

struct vmhooks_bounded kf_guest_period_ms = {
	10000, .min = 100, .max = 3600000
};

static int period_set(const char *val, const struct kernel_param *kp)
{
	int err = vmhooks_bounded_set(val, kp);

	if (!err)
		kf_guest_set_period(vmhooks_bounded(&kf_guest_period_ms));
	return err;
}

static const struct kernel_param_ops period_ops = {
	.set = period_set,
	.get = vmhooks_bounded_get,
};

module_param_cb(guest_period_ms, &period_ops, &kf_guest_period_ms, 0644);
MODULE_PARM_DESC(guest_period_ms, "Milliseconds between two reads of this guest's pvclock pages (100 to 3600000, default 10000); an idle guest is not woken");
