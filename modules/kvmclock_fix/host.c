// SPDX-License-Identifier: GPL-2.0-only
/*
 * The clocks that this host shows its guests: looked at, on every kernel.
 *
 * update() runs in the vCPU's thread, with preemption off on most kernels, and
 * takes vms_lock for the time of some arithmetic.  The log and our tracepoint come
 * after that.  Everything is attached and detached with KVM, by mm_hooks.
 */
#include "host.h"

#include <linux/printk.h>
#include <linux/ratelimit.h>
#include <linux/sched/signal.h>

#include <asm/pvclock-abi.h>
#include <vmhooks/kvm_hooks.h>

#include "correct.h"
#include "in_place.h"
#include "kvm_view.h"
#include "kvmclock_fix_trace.h"
#include "page.h"
#include "params.h"
#include "snapshot.h"
#include "vms.h"

static void complain(unsigned int vcpu_id, const struct kf_page *page,
		     unsigned int found, s64 step)
{
	static DEFINE_RATELIMIT_STATE(limit, 10 * HZ, 5);
	char wrong[KF_WRONG_LENGTH];

	if (!(found & KF_BAD) || !__ratelimit(&limit))
		return;
	kf_page_wrong(wrong, sizeof(wrong), page, found, step);
	pr_warn("%s (pid %d), vCPU %u, was shown %s\n",
		current->group_leader->comm, current->tgid, vcpu_id, wrong);
}

/* Under kf_vms_lock(), under which we change offsets, too. */
static unsigned int audit(const struct kf_view *view, unsigned int vcpu_id,
			  const struct kf_page *page, bool corrected, s64 *step)
{
	struct kf_epoch epoch = { .tsc_offset = view->tsc_offset,
				  .sleeps = kf_snapshot_sleeps() };
	struct kf_vm *vm = kf_vms_get(view->kvm, true);
	/* Of a process with several VMs only the threads are different. */
	unsigned int id = view->kvm ? vcpu_id : current->pid;
	struct kf_vcpu *vcpu = vm ? kf_vms_vcpu(vm, id) : NULL;
	struct kf_seen unseen = { };
	unsigned int found;

	if (vm && view->kvm)
		kf_vm_notice(vm, view->offset, epoch.sleeps);
	if (vm)
		epoch.sets = vm->counts.sets;
	found = kf_audit(vcpu ? &vcpu->seen : &unseen, page, &epoch, step);
	kf_count(&kf_totals, found, *step);
	kf_totals.corrected += corrected;
	if (vm) {
		kf_count(&vm->counts, found, *step);
		vm->counts.corrected += corrected;
	}
	return found;
}

static void on_update(struct mm_hooks_kvm_client *client, unsigned int vcpu_id,
		      struct pvclock_vcpu_time_info *clock)
{
	bool corrected = kf_raise_in_place(clock);
	struct kf_view view;
	struct kf_page page;
	unsigned long flags;
	unsigned int found;
	s64 step;

	kf_page_copy(&page, clock);
	flags = kf_vms_lock();
	kf_view_get(&view, clock);
	found = audit(&view, vcpu_id, &page, corrected, &step);
	kf_vms_unlock(flags);
	trace_kvmclock_fix_page(current->tgid, vcpu_id, &page, found, step);
	complain(vcpu_id, &page, found, step);
}

static int on_coming(struct mm_hooks_kvm_client *client)
{
	int err = kf_vms_init(kf_max_vms());

	if (err)
		pr_err("no memory for %u VMs: their clocks are left alone; load this module again with a smaller max_vms\n",
		       kf_max_vms());
	return err;
}

static void on_gone(struct mm_hooks_kvm_client *client)
{
	kf_vms_exit();
}

static struct mm_hooks_kvm_client client = {
	.wanted = MM_HOOKS_KVM_UPDATE,
	.coming = on_coming,
	.gone = on_gone,
	.update = on_update,
};

int kf_host_init(void)
{
	kf_correct_wanted(&client);
	return mm_hooks_kvm_register(&client);
}

void kf_host_exit(void)
{
	mm_hooks_kvm_unregister(&client);
}

const char *kf_host_hooks(void)
{
	unsigned int attached = mm_hooks_kvm_attached();

	if (attached & MM_HOOKS_KVM_PUBLISH)
		return "patch";
	return attached & MM_HOOKS_KVM_UPDATE ? "tracepoint" : "none";
}
