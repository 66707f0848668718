// SPDX-License-Identifier: GPL-2.0-only
/*
 * The host side: attached to KVM while KVM is loaded.
 *
 * mm_hooks attaches and detaches the handlers: rebase.c and publish.c with the companion
 * patch, update.c on every kernel.
 */
#include "host.h"

#include <linux/kconfig.h>
#include <linux/printk.h>

#include <vmhooks/kvm_hooks.h>

#include "layout.h"
#include "params.h"
#include "publish.h"
#include "rebase.h"
#include "table.h"
#include "update.h"

/* rebase.c and publish.c are built with the companion patch only. */
#define PATCH(_value, _none) (IS_ENABLED(CONFIG_MM_HOOKS) ? (_value) : (_none))

static int on_kvm_coming(struct mmh_kvm_client *client)
{
	unsigned int max = vmhooks_bounded(&kf_max_vms);
	int err = kf_table_init(max);

	kf_layout_reset();
	if (err)
		pr_err("failed to allocate state for VMs: %d; guest clocks are neither audited nor corrected\n",
		       err);
	return err;
}

static void on_kvm_gone(struct mmh_kvm_client *client)
{
	kf_table_exit();
}

static struct mmh_kvm_client client = {
	.wanted = MMH_KVM_UPDATE | PATCH(MMH_KVM_PATCH, 0),
	.coming = on_kvm_coming,
	.gone = on_kvm_gone,
	.update = kf_on_update,
	.rebase = PATCH(kf_on_rebase, NULL),
	.publish = PATCH(kf_on_publish, NULL),
	.base = PATCH(kf_on_base, NULL),
};

int kf_host_init(void)
{
	return mmh_kvm_register(&client);
}

void kf_host_exit(void)
{
	mmh_kvm_unregister(&client);
}

const char *kf_host_hooks(void)
{
	unsigned int attached = mmh_kvm_attached();

	if (mmh_kvm_corrects(attached) &&
	    READ_ONCE(kf_layout) != KF_LAYOUT_MISMATCH)
		return "patch";
	return attached & MMH_KVM_UPDATE ? "tracepoint" : "none";
}
