/* SPDX-License-Identifier: GPL-2.0-only */
/* The VM behind a clock page: what we know of it, and ask of it. */
#ifndef KVMCLOCK_FIX_KVM_VIEW_H
#define KVMCLOCK_FIX_KVM_VIEW_H

#include <linux/compiler.h>
#include <linux/kconfig.h>
#include <linux/types.h>

#if IS_ENABLED(CONFIG_KVM)
#include "kvm_fits.h"
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

#if IS_ENABLED(CONFIG_KVM)
/**
 * kf_view_vcpu() - the vCPU that a clock is part of
 * @vcpu_id: and
 * @clock: what kvm_pvclock_update was called with
 *
 * Of a KVM that is laid out otherwise than where this module was built no vCPU is touched
 * (kvm_fits.h), and the log is told so.
 *
 * Context: in that tracepoint, no lock of ours.
 * Return: the vCPU, NULL where it cannot be told.
 */
static inline struct kvm_vcpu *kf_view_vcpu(unsigned int vcpu_id,
					    struct pvclock_vcpu_time_info *clock)
{
	struct kvm_vcpu *vcpu = vmhooks_pvclock_vcpu(clock);

	return vcpu && kf_fits_update(vcpu, vcpu_id, clock) ? vcpu : NULL;
}

static inline struct kf_view kf_view_inside(const struct kvm_vcpu *vcpu)
{
	return (struct kf_view){ .kvm = vcpu->kvm,
				 .offset = vcpu->kvm->arch.kvmclock_offset,
				 .tsc_offset = vcpu->arch.l1_tsc_offset };
}

/* What kf_view_published() remembers of a clock that is a copy. */
struct kf_view kf_view_remembered(const struct pvclock_vcpu_time_info *clock);

/**
 * kf_view_of() - look at the VM
 * @vcpu:  kf_view_vcpu()
 * @clock: what kvm_pvclock_update was called with
 *
 * Context: in that tracepoint, preemption disabled.
 * Return: what there is.
 */
static inline struct kf_view kf_view_of(const struct kvm_vcpu *vcpu,
					const struct pvclock_vcpu_time_info *clock)
{
	return vcpu ? kf_view_inside(vcpu) : kf_view_remembered(clock);
}

/**
 * kf_view_published() - remember whose a clock is, where it does not say so itself
 * @vcpu: the vCPU
 * @clock: about to be shown
 *
 * Context: the vCPU's thread.
 */
#ifdef VMHOOKS_HAVE_KVM_VCPU_HV_CLOCK
static inline void kf_view_published(const struct kvm_vcpu *vcpu,
				     const struct pvclock_vcpu_time_info *clock)
{
}
#else
void kf_view_published(const struct kvm_vcpu *vcpu,
		       const struct pvclock_vcpu_time_info *clock);
#endif

/**
 * kf_view_ask_others() - have the VM's other vCPUs take its clock anew
 * @done: not this one, which is shown it already
 *
 * Before they enter the guest the next time; those that run in it are not disturbed.
 *
 * Context: the thread of @done.
 */
void kf_view_ask_others(struct kvm_vcpu *done);
#else
static inline struct kvm_vcpu *kf_view_vcpu(unsigned int vcpu_id,
					    struct pvclock_vcpu_time_info *clock)
{
	return NULL;
}

static inline struct kf_view kf_view_of(const struct kvm_vcpu *vcpu,
					const struct pvclock_vcpu_time_info *clock)
{
	return (struct kf_view){ };
}
#endif

#endif /* KVMCLOCK_FIX_KVM_VIEW_H */
