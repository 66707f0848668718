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
static enum { UNSEEN, FITS, DIFFERS } layout;

void kf_view_begin(void)
{
	layout = UNSEEN;
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
static noinline bool look_at_layout(struct kvm_vcpu *vcpu, unsigned int vcpu_id)
{
	if (READ_ONCE(layout) == UNSEEN) {
		WRITE_ONCE(layout, fits(vcpu, vcpu_id) ? FITS : DIFFERS);
		if (READ_ONCE(layout) == DIFFERS)
			pr_warn("KVM's vCPUs are not as where this module was built: VMs are told apart by process only; build and install it again for this kernel\n");
	}
	return READ_ONCE(layout) == FITS;
}

struct kvm_vcpu *kf_view_vcpu(unsigned int vcpu_id,
			      struct pvclock_vcpu_time_info *clock)
{
	struct kvm_vcpu *vcpu = vmhooks_pvclock_vcpu(clock);

	if (!vcpu || likely(READ_ONCE(layout) == FITS) ||
	    look_at_layout(vcpu, vcpu_id))
		return vcpu;
	return NULL;
}

static struct kf_view view_of(const struct kvm_vcpu *vcpu)
{
	return (struct kf_view){ .kvm = vcpu->kvm,
				 .offset = vcpu->kvm->arch.kvmclock_offset,
				 .tsc_offset = vcpu->arch.l1_tsc_offset };
}

#ifdef VMHOOKS_HAVE_KVM_VCPU_HV_CLOCK
void kf_view_published(const struct kvm_vcpu *vcpu,
		       const struct pvclock_vcpu_time_info *clock)
{
}

static struct kf_view view_published(const struct pvclock_vcpu_time_info *clock)
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
				    .view = view_of(vcpu) };
	put_cpu_ptr(&published);
}

static struct kf_view view_published(const struct pvclock_vcpu_time_info *clock)
{
	const struct published *last = this_cpu_ptr(&published);

	if (last->task == current && last->tsc == clock->tsc_timestamp &&
	    last->ns == clock->system_time)
		return last->view;
	return (struct kf_view){ };
}
#endif

struct kf_view kf_view_of(unsigned int vcpu_id,
			  struct pvclock_vcpu_time_info *clock)
{
	const struct kvm_vcpu *vcpu = kf_view_vcpu(vcpu_id, clock);

	return vcpu ? view_of(vcpu) : view_published(clock);
}

void kf_view_ask_others(struct kvm_vcpu *done)
{
	struct kvm_vcpu *vcpu;
	unsigned long i;

	kvm_for_each_vcpu(i, vcpu, done->kvm)
		if (vcpu != done)
			kvm_make_request(KVM_REQ_CLOCK_UPDATE, vcpu);
}
