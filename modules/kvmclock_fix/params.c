// SPDX-License-Identifier: GPL-2.0-only
/* The parameters of kvmclock_fix. */
#include "params.h"

#include <linux/module.h>

#include "guest.h"

struct vmhooks_bounded kf_fix_value = { 1, .min = 0, .max = 1 };
module_param_cb(fix, &vmhooks_bounded_ops, &kf_fix_value, 0644);
MODULE_PARM_DESC(fix, "1: correct what guests are shown, where this kernel lets it be corrected; 0: only look (0 or 1, default 1)");

static struct vmhooks_bounded max_vms = { 1024, .min = 1, .max = 4096 };
module_param_cb(max_vms, &vmhooks_bounded_ops, &max_vms, 0444);
MODULE_PARM_DESC(max_vms, "VMs that there is room for, with four vCPUs each (1 to 4096, default 1024); about 1 KiB each, allocated when KVM is loaded");

/* A shorter period counts from now. */
static int period_set(const char *val, const struct kernel_param *kp)
{
	int err = vmhooks_bounded_set(val, kp);

	if (!err)
		kf_guest_look_again();
	return err;
}

static const struct kernel_param_ops period_ops = {
	.set = period_set,
	.get = vmhooks_bounded_get,
};

static struct vmhooks_bounded guest_period_ms = {
	10000, .min = 100, .max = 3600000
};
module_param_cb(guest_period_ms, &period_ops, &guest_period_ms, 0644);
MODULE_PARM_DESC(guest_period_ms, "Milliseconds between two looks at the clock pages of this guest (100 to 3600000, default 10000); an idle guest is not woken for it");

unsigned int kf_max_vms(void)
{
	return vmhooks_bounded(&max_vms);
}

unsigned int kf_guest_period_ms(void)
{
	return vmhooks_bounded(&guest_period_ms);
}
