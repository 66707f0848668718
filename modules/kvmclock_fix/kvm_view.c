// SPDX-License-Identifier: GPL-2.0-only
/* The VM behind a clock page: what we know of it, and ask of it. */
#include "kvm_view.h"

#include <linux/percpu.h>
#include <linux/sched.h>

#include <asm/pvclock-abi.h>

#include "kvm_vcpu.h"

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
