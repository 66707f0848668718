// SPDX-License-Identifier: GPL-2.0-only
/* The VM behind a clock page: what we know of it, and ask of it. */
#include "kvm_view.h"

#include <linux/percpu.h>
#include <linux/printk.h>
#include <linux/sched.h>
#include <linux/uaccess.h>

#include <asm/pvclock-abi.h>

#include "kvm_vcpu.h"

/*
 * This module takes nothing from kvm.ko by name, so nothing but this notices when a
 * kernel's update has changed its structures and this module was not built anew.
 */
bool kf_view_fits;
static bool differs;

void kf_view_begin(void)
{
	kf_view_fits = false;
	differs = false;
}

static bool fits(struct kvm_vcpu *vcpu, unsigned int vcpu_id)
{
	struct mm_struct *mm;
	struct kvm *kvm;
	int id;

	return !get_kernel_nofault(id, &vcpu->vcpu_id) && id == vcpu_id &&
	       !get_kernel_nofault(kvm, &vcpu->kvm) &&
	       !get_kernel_nofault(mm, &kvm->mm) && mm == current->mm;
}

/* Several vCPUs may find out at the same time, and find the same. */
bool kf_view_look(struct kvm_vcpu *vcpu, unsigned int vcpu_id)
{
	if (READ_ONCE(differs))
		return false;
	if (fits(vcpu, vcpu_id)) {
		WRITE_ONCE(kf_view_fits, true);
		return true;
	}
	WRITE_ONCE(differs, true);
	pr_warn("KVM's vCPUs are not as where this module was built: VMs are told apart by process only; build and install it again for this kernel\n");
	return false;
}

#ifdef VMHOOKS_HAVE_KVM_VCPU_HV_CLOCK
struct kf_view kf_view_remembered(const struct pvclock_vcpu_time_info *clock)
{
	return (struct kf_view){ };
}
#else
/*
 * What was published last on a processor.  The update follows in the same thread, and
 * mostly on the same processor; where not, nothing fits.
 */
struct published {
	const struct task_struct *task;
	u64 tsc;
	u64 ns;
	struct kf_view view;
};

static DEFINE_PER_CPU(struct published, published);

void kf_view_published(const struct kvm_vcpu *vcpu,
		       const struct pvclock_vcpu_time_info *clock)
{
	struct published *last = get_cpu_ptr(&published);

	*last = (struct published){ .task = current,
				    .tsc = clock->tsc_timestamp,
				    .ns = clock->system_time,
				    .view = kf_view_inside(vcpu) };
	put_cpu_ptr(&published);
}

struct kf_view kf_view_remembered(const struct pvclock_vcpu_time_info *clock)
{
	const struct published *last = this_cpu_ptr(&published);

	if (last->task == current && last->tsc == clock->tsc_timestamp &&
	    last->ns == clock->system_time)
		return last->view;
	return (struct kf_view){ };
}
#endif

void kf_view_ask_others(struct kvm_vcpu *done)
{
	struct kvm_vcpu *vcpu;
	unsigned long i;

	kvm_for_each_vcpu(i, vcpu, done->kvm)
		if (vcpu != done)
			kvm_make_request(KVM_REQ_CLOCK_UPDATE, vcpu);
}
