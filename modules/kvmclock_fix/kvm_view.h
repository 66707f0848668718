/* SPDX-License-Identifier: GPL-2.0-only */
/* The VM behind a clock page: what we know of it, and ask of it. */
#ifndef KVMCLOCK_FIX_KVM_VIEW_H
#define KVMCLOCK_FIX_KVM_VIEW_H

#include <linux/kconfig.h>
#include <linux/types.h>

#if IS_ENABLED(CONFIG_KVM)
#include "kvm_vcpu.h"
#endif

struct kvm_vcpu;
struct pvclock_vcpu_time_info;

/**
 * struct kf_view - the VM behind a page
 * @kvm:    the VM, NULL where it cannot be told: then the rest is 0
 * @offset: its kvmclock_offset
 * @tsc_offset: of the vCPU
 */
struct kf_view {
	const void *kvm;
	s64 offset;
	u64 tsc_offset;
};

/**
 * kf_view_of() - look
 * @clock: what kvm_pvclock_update was called with
 *
 * Context: in that tracepoint.
 * Return: what there is.
 */
static inline struct kf_view kf_view_of(struct pvclock_vcpu_time_info *clock)
{
	struct kf_view view = { };
#if IS_ENABLED(CONFIG_KVM)
	const struct kvm_vcpu *vcpu = vmhooks_pvclock_vcpu(clock);

	if (!vcpu)
		return view;
	view.kvm = vcpu->kvm;
	view.offset = vcpu->kvm->arch.kvmclock_offset;
	view.tsc_offset = vcpu->arch.l1_tsc_offset;
#endif
	return view;
}

/**
 * kf_view_ask_others() - have the VM's other vCPUs take its clock anew
 * @done: not this one, which is shown it already
 *
 * Before they enter the guest the next time; those that run in it are not disturbed.
 *
 * Context: the thread of @done.
 */
void kf_view_ask_others(struct kvm_vcpu *done);

#endif /* KVMCLOCK_FIX_KVM_VIEW_H */
