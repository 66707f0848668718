// SPDX-License-Identifier: GPL-2.0-only
/*
 * A kernel without CONFIG_TRACEPOINTS has neither timer_start nor KVM's hooks.
 * A report then waits for the kernel's own delay, and KVM's clocks are not seen.
 */
#include <linux/errno.h>
#include <linux/export.h>
#include <linux/printk.h>
#include <linux/types.h>

#include <vmhooks/kvm_hooks.h>

#include "arming.h"

int mm_hooks_arming_attach(struct timer_list *timer, struct irq_work *work)
{
	return -ENOENT;
}

void mm_hooks_arming_detach(void)
{
}

int mm_hooks_kvm_register(struct mm_hooks_kvm_client *client)
{
	if (IS_ENABLED(CONFIG_KVM))
		pr_warn("guests' clocks are not seen: this kernel has no tracepoints (CONFIG_TRACEPOINTS)\n");
	return 0;
}
EXPORT_SYMBOL_GPL(mm_hooks_kvm_register);

void mm_hooks_kvm_unregister(struct mm_hooks_kvm_client *client)
{
}
EXPORT_SYMBOL_GPL(mm_hooks_kvm_unregister);

unsigned int mm_hooks_kvm_attached(void)
{
	return 0;
}
EXPORT_SYMBOL_GPL(mm_hooks_kvm_attached);
