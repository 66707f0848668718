/* SPDX-License-Identifier: GPL-2.0-only */
/* How the TSC of a VM comes from the host's: what its lines are computed with. */
#ifndef KVMCLOCK_FIX_VCPU_TSC_H
#define KVMCLOCK_FIX_VCPU_TSC_H

#include <linux/compiler.h>
#include <linux/kvm_host.h>

#include <asm/tsc.h>

#include "kvm_vcpu.h"
#include "line.h"
#include "vms.h"

/* KVM's rate of a vCPU: as of its last page. */
static inline struct kf_rate kf_vcpu_rate(const struct kvm_vcpu *vcpu)
{
	return (struct kf_rate){ .mul = *vmhooks_vcpu_mul(vcpu),
				 .shift = *vmhooks_vcpu_shift(vcpu) };
}

/* What that is computed from, now. */
static inline struct kf_tsc kf_vcpu_tsc(const struct kvm_vcpu *vcpu)
{
	return (struct kf_tsc){ .ratio = vcpu->arch.l1_tsc_scaling_ratio,
				.khz = vcpu->arch.hw_tsc_khz,
				.host_khz = tsc_khz };
}

/* The part of kf_vm_knows_tsc() for a VM whose pages we have not seen. */
bool kf_vm_learn_scale(struct kf_vm *vm, const struct kvm_vcpu *vcpu);

/**
 * kf_vm_knows_tsc() - is all known that a line of a vCPU is computed with?
 * @vm:   its VM
 * @vcpu: the vCPU
 *
 * Nothing that KVM's rate was computed from may have changed since its last page.
 *
 * Context: any, under kf_vms_lock().
 * Return: whether it is; then @vm->scale is right.
 */
static inline bool kf_vm_knows_tsc(struct kf_vm *vm, const struct kvm_vcpu *vcpu)
{
	const struct kf_tsc now = kf_vcpu_tsc(vcpu);

	if (unlikely(!vm->tsc.khz))
		return kf_vm_learn_scale(vm, vcpu);
	return kf_tsc_same(&vm->tsc, &now) && vm->scale.ratio;
}

/**
 * kf_vm_notice_tsc() - a vCPU is being shown a clock
 * @vm:   its VM
 * @vcpu: the vCPU
 *
 * Where its TSC is another one than before, the VM is on no line: that says nothing of
 * this one.
 *
 * Context: any, under kf_vms_lock().
 */
void kf_vm_notice_tsc(struct kf_vm *vm, struct kvm_vcpu *vcpu);

#endif /* KVMCLOCK_FIX_VCPU_TSC_H */
