/* SPDX-License-Identifier: GPL-2.0-only */
/* The vCPU of a clock that KVM shows, as of Linux 6.15: it keeps only the rate. */
#ifndef VMHOOKS_COMPAT_KVM_VCPU_H
#define VMHOOKS_COMPAT_KVM_VCPU_H

#include <linux/kvm_host.h>
#include <linux/sched/task_stack.h>

/**
 * vmhooks_pvclock_vcpu() - the vCPU that a clock is part of
 * @clock: what kvm_pvclock_update was called with
 *
 * A copy on the stack tells nothing.
 *
 * Return: the vCPU, NULL where it cannot be told.
 */
static inline struct kvm_vcpu *
vmhooks_pvclock_vcpu(struct pvclock_vcpu_time_info *clock)
{
#ifdef VMHOOKS_HAVE_KVM_VCPU_HV_CLOCK
	if (!object_is_on_stack(clock))
		return container_of(clock, struct kvm_vcpu, arch.hv_clock);
#endif
	return NULL;
}

/* Where KVM keeps the rate of what the vCPU was shown last, or is about to be. */
static inline const u32 *vmhooks_vcpu_mul(const struct kvm_vcpu *vcpu)
{
#ifdef VMHOOKS_HAVE_KVM_VCPU_HV_CLOCK
	return &vcpu->arch.hv_clock.tsc_to_system_mul;
#else
	return &vcpu->arch.pvclock_tsc_mul;
#endif
}

static inline const s8 *vmhooks_vcpu_shift(const struct kvm_vcpu *vcpu)
{
#ifdef VMHOOKS_HAVE_KVM_VCPU_HV_CLOCK
	return &vcpu->arch.hv_clock.tsc_shift;
#else
	return &vcpu->arch.pvclock_tsc_shift;
#endif
}

#endif /* VMHOOKS_COMPAT_KVM_VCPU_H */
