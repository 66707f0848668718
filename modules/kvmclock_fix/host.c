// SPDX-License-Identifier: GPL-2.0-only
/*
 * The clocks that this host shows its guests: looked at, on every kernel.
 *
 * update() runs in the vCPU's thread, with preemption off on most kernels, and
 * takes kf_vms_lock() for the time of some arithmetic.  The log and our tracepoint come
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
#include "kvm_fits.h"
#include "kvm_view.h"
#include "kvmclock_fix_trace.h"
#include "page.h"
#include "params.h"
#include "snapshot.h"
#include "vms.h"

#define PID_BITS 22 /* pid_max is 4194304 at most */

static noinline void complain(unsigned int vcpu_id, const struct kf_page *page,
			      unsigned int found, s64 step)
{
	static DEFINE_RATELIMIT_STATE(limit, 10 * HZ, 5);
	char wrong[KF_WRONG_LENGTH], name[TASK_COMM_LEN];

	if (!__ratelimit(&limit))
		return;
	kf_page_wrong(wrong, sizeof(wrong), page, found, step);
	kf_vms_name(name, sizeof(name));
	pr_warn("%s (pid %d), vCPU %u, was shown %s\n", name, current->tgid,
		vcpu_id, wrong);
}

/* Of a vCPU that there is no room for. */
static noinline unsigned int audit_alone(const struct kf_page *page,
					 const struct kf_epoch *epoch, s64 *step)
{
	struct kf_seen unseen = { };

	return kf_audit(&unseen, page, epoch, step);
}

/* When a page is shown: now.  Under kf_vms_lock(). */
static struct kf_epoch epoch_of(const struct kf_vm *vm, u64 tsc_offset)
{
	return (struct kf_epoch){ .sets = vm ? vm->counts.sets : 0,
				  .tsc_offset = tsc_offset,
				  .sleeps = kf_snapshot_sleeps() };
}

/* All that is to be found of a page.  Under kf_vms_lock(). */
static unsigned int look(struct kf_vm *vm, struct kf_vcpu *vcpu,
			 const struct kf_page *page, u64 tsc_offset, s64 *step)
{
	struct kf_counts *counts = vm ? &vm->counts : &kf_rest;
	const struct kf_epoch epoch = epoch_of(vm, tsc_offset);
	unsigned int found;

	if (likely(vcpu))
		found = kf_audit(&vcpu->seen, page, &epoch, step);
	else
		found = audit_alone(page, &epoch, step);
	kf_count(counts, found, *step);
	return found;
}

/* A page that is not as most are.  Lets go of kf_vms_lock(). */
static noinline void look_and_tell(struct kf_vm *vm, struct kf_vcpu *vcpu,
				   unsigned int vcpu_id,
				   const struct pvclock_vcpu_time_info *clock,
				   u64 tsc_offset, unsigned long flags)
	__releases(&kf_vms_spinlock)
{
	struct kf_page page;
	unsigned int found;
	s64 step;

	kf_page_copy(&page, clock);
	found = look(vm, vcpu, &page, tsc_offset, &step);
	kf_vms_unlock(flags);
	if (trace_kvmclock_fix_page_enabled())
		trace_kvmclock_fix_page(current->tgid, vcpu_id, &page, found,
					step);
	if (unlikely(found & KF_BAD))
		complain(vcpu_id, &page, found, step);
}

/*
 * Nothing is to be told of most pages, which go on where the one before is.  Under
 * kf_vms_lock().
 *
 * Return: false where the page was not looked at.
 */
static __always_inline bool goes_on(struct kf_vm *vm, struct kf_vcpu *vcpu,
				    const struct pvclock_vcpu_time_info *clock,
				    u64 tsc_offset)
{
	const struct kf_epoch epoch = epoch_of(vm, tsc_offset);
	struct kf_page page;

	kf_page_copy(&page, clock);
	return kf_audit_goes_on(&vcpu->seen, &page, &epoch, &vm->counts);
}

/*
 * Of a process with several VMs only the threads are different, and a thread may run
 * several vCPUs.
 */
static unsigned int id_in_process(unsigned int vcpu_id)
{
	return (vcpu_id << PID_BITS) + current->pid;
}

static void on_update(struct mm_hooks_kvm_client *client, unsigned int vcpu_id,
		      struct pvclock_vcpu_time_info *clock)
{
	bool corrected = kf_raise_in_place(vcpu_id, clock);
	const struct kvm_vcpu *shown = kf_view_vcpu(vcpu_id, clock);
	/* Under this lock we change offsets, too. */
	unsigned long flags = kf_vms_lock();
	struct kf_view view = kf_view_of(shown, clock);
	struct kf_vm *vm = kf_vms_get(view.kvm, true);
	unsigned int id = view.kvm ? vcpu_id : id_in_process(vcpu_id);
	struct kf_vcpu *vcpu = vm ? kf_vms_vcpu(vm, id) : NULL;

	if (vm && view.kvm)
		kf_vm_notice(vm, view.offset, kf_snapshot_sleeps());
	if (unlikely(corrected))
		(vm ? &vm->counts : &kf_rest)->corrected++;
	if (likely(vcpu) && !trace_kvmclock_fix_page_enabled() &&
	    goes_on(vm, vcpu, clock, view.tsc_offset)) {
		kf_vms_unlock(flags);
		return;
	}
	look_and_tell(vm, vcpu, vcpu_id, clock, view.tsc_offset, flags);
}

static int on_coming(struct mm_hooks_kvm_client *client)
{
	int err = kf_vms_init(kf_max_vms());

	kf_fits_begin();
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

	if (mm_hooks_kvm_corrects(attached) && kf_fits_known() != KF_FITS_NOT)
		return "patch";
	return attached & MM_HOOKS_KVM_UPDATE ? "tracepoint" : "none";
}
