// SPDX-License-Identifier: GPL-2.0-only
/* How the TSC of a VM comes from the host's: what its lines are computed with. */
#include "vcpu_tsc.h"

#include <linux/lockdep.h>

#include <asm/cpufeature.h>

/*
 * The processor says how many bits of the ratio are a fraction; KVM keeps that to
 * itself.  What it computes from the host's rate has to come out here, too.
 *
 * Return: the scale; a ratio of 0 where that does not: then nothing is known of
 * this vCPU's TSC.
 */
static struct kf_scale scale_of(const struct kf_tsc *tsc)
{
	struct kf_scale scale = { .ratio = tsc->ratio };

	scale.bits = boot_cpu_has(X86_FEATURE_SVM) ? 32 : 48;
	if (scale.ratio <= 1 || scale.ratio == 1ULL << scale.bits)
		return (struct kf_scale){ .ratio = 1 };
	if (kf_scaled(&scale, tsc_khz) != tsc->khz)
		scale.ratio = 0;
	return scale;
}

/* The scale is known where the rates fit. */
bool kf_vm_learn_scale(struct kf_vm *vm, const struct kvm_vcpu *vcpu)
{
	const struct kf_tsc now = kf_vcpu_tsc(vcpu);

	lockdep_assert_held(&kf_vms_spinlock);
	vm->scale = scale_of(&now);
	return now.khz && vm->scale.ratio &&
	       kf_scaled(&vm->scale, tsc_khz) == now.khz;
}

void kf_vm_notice_tsc(struct kf_vm *vm, struct kvm_vcpu *vcpu)
{
	const struct kf_tsc now = kf_vcpu_tsc(vcpu);

	lockdep_assert_held(&kf_vms_spinlock);
	vm->vcpu = vcpu;
	if (likely(kf_tsc_same(&vm->tsc, &now)))
		return;
	kf_vm_off_line(vm);
	vm->tsc = now;
	vm->scale = scale_of(&now);
}
