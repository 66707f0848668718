// SPDX-License-Identifier: GPL-2.0-only
/*
 * The clocks that this host shows its guests: raised before they are written.
 *
 * KVM_SET_CLOCK of 5.10 computes the offset from another clock than the one that it
 * shows: a guest whose clock is set to 0 is shown what is negative.  There KVM's
 * tracepoint comes before the write, so what it was given can still be changed.
 *
 * Runs in the vCPU's thread.  Another vCPU may have been shown the same clock at the
 * same time, and KVM_SET_CLOCK takes no lock of ours: the offset is changed by
 * cmpxchg, under kf_vms_lock(), and only when it is the one that the page came from.
 */
#include "in_place.h"

#include <linux/atomic.h>
#include <linux/kvm_host.h>
#include <linux/minmax.h>

#include "kvm_fits.h"
#include "kvm_vcpu.h"
#include "kvm_view.h"
#include "kvmclock_fix_trace.h"
#include "params.h"
#include "vms.h"

/* The offset that a clock was computed with; without the master clock a guess. */
static s64 offset_of(const struct kvm_arch *ka,
		     const struct pvclock_vcpu_time_info *clock)
{
	if (clock->flags & PVCLOCK_TSC_STABLE_BIT)
		return clock->system_time - ka->master_kernel_ns;
	return READ_ONCE(ka->kvmclock_offset);
}

/* Under kf_vms_lock().  Return: whether the offset was raised. */
static bool raise_offset(struct kvm *kvm, s64 from, s64 add)
{
	struct kf_vm *vm = kf_vms_get(kvm, true);

	if (cmpxchg64(&kvm->arch.kvmclock_offset, from, from + add) != from)
		return false;
	if (vm) {
		vm->offset = from + add;
		vm->drift += add;
	}
	return true;
}

bool kf_raise_negative(unsigned int vcpu_id,
		       struct pvclock_vcpu_time_info *clock)
{
	struct kvm_vcpu *vcpu = kf_view_vcpu(vcpu_id, clock);
	s64 ns = clock->system_time;
	unsigned long flags;
	s64 from, raised;
	bool first;

	if (!(clock->version & 1) || !vcpu || kf_fits_known() != KF_FITS ||
	    !kf_fix())
		return false;
	from = offset_of(&vcpu->kvm->arch, clock);
	flags = kf_vms_lock();
	first = raise_offset(vcpu->kvm, from, -ns);
	raised = READ_ONCE(vcpu->kvm->arch.kvmclock_offset) - from;
	kf_vms_unlock(flags);
	clock->system_time = max_t(s64, ns + raised, 0);
	if (first)
		kf_view_ask_others(vcpu);
	trace_kvmclock_fix_correct(current->tgid, "page",
				   clock->system_time - ns, clock->system_time,
				   clock->tsc_timestamp);
	return true;
}
