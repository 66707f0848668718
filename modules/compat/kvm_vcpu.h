/* SPDX-License-Identifier: GPL-2.0-only */
/* Where KVM keeps the parts of a vCPU that its pvclock page is computed from. */
#ifndef VMHOOKS_COMPAT_KVM_VCPU_H
#define VMHOOKS_COMPAT_KVM_VCPU_H

#include <linux/kvm_host.h>
#include <linux/sched/task_stack.h>

/**
 * vmhooks_pvclock_vcpu() - the vCPU that a pvclock page is part of
 * @clock: the argument of kvm_pvclock_update
 *
 * A page on the stack is a copy and part of no vCPU.
 *
 * Return: the vCPU; NULL where it is unknown.
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

/* tsc_to_system_mul of the vCPU's last page, or of the one that is being published. */
static inline const u32 *vmhooks_vcpu_mul(const struct kvm_vcpu *vcpu)
{
#ifdef VMHOOKS_HAVE_KVM_VCPU_HV_CLOCK
	return &vcpu->arch.hv_clock.tsc_to_system_mul;
#else
	return &vcpu->arch.pvclock_tsc_mul;
#endif
}

/* tsc_shift of the same page. */
static inline const s8 *vmhooks_vcpu_shift(const struct kvm_vcpu *vcpu)
{
#ifdef VMHOOKS_HAVE_KVM_VCPU_HV_CLOCK
	return &vcpu->arch.hv_clock.tsc_shift;
#else
	return &vcpu->arch.pvclock_tsc_shift;
#endif
}

/* The TSC scaling ratio that the clock of an L1 guest is computed with. */
static inline const u64 *vmhooks_vcpu_ratio(const struct kvm_vcpu *vcpu)
{
#ifdef VMHOOKS_HAVE_KVM_L1_SCALING_RATIO
	return &vcpu->arch.l1_tsc_scaling_ratio;
#else
	return &vcpu->arch.tsc_scaling_ratio;
#endif
}

#endif /* VMHOOKS_COMPAT_KVM_VCPU_H */
