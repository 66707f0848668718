/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Verify at run time that the layout of KVM's structures matches the headers that
 * this module was built with.
 *
 * The module links to no symbol of kvm.ko, so no symbol version detects a kernel update
 * that changed struct kvm.  The first hook that can judge compares values, and reads
 * them with get_kernel_nofault().  After a mismatch the log says so, and no structure of
 * KVM is accessed until KVM is loaded again.
 */
#ifndef KVMCLOCK_FIX_LAYOUT_H
#define KVMCLOCK_FIX_LAYOUT_H

#include <linux/compiler.h>
#include <linux/types.h>

struct kvm;
struct kvm_vcpu;
struct pvclock_vcpu_time_info;

enum kf_layout { KF_LAYOUT_UNKNOWN, KF_LAYOUT_MATCH, KF_LAYOUT_MISMATCH };

/* Changes once, from KF_LAYOUT_UNKNOWN to one of the others.  Read by READ_ONCE(). */
extern enum kf_layout kf_layout;

/* KVM was loaded: the layout is unknown.  Context: process; no hook is attached. */
void kf_layout_reset(void);

/* The slow paths of the three functions below, while the layout is unknown. */
bool kf_check_layout_rebase(struct kvm *kvm, s64 old_ns, u64 old_cycles);
bool kf_check_layout_publish(struct kvm_vcpu *vcpu,
			     const struct pvclock_vcpu_time_info *clock);
bool kf_check_layout_update(struct kvm_vcpu *vcpu, unsigned int vcpu_id,
			    const struct pvclock_vcpu_time_info *clock);

/**
 * kf_is_layout_valid_rebase() - may the hook access this VM?
 * @kvm: the VM
 * @old_ns: master_kernel_ns before the masterclock update
 * @old_cycles: master_cycle_now before it
 *
 * Context: kvm_clock_rebase, under tsc_write_lock.
 * Return: false also where the values of this VM do not prove the layout.
 */
static inline bool kf_is_layout_valid_rebase(struct kvm *kvm, s64 old_ns,
					     u64 old_cycles)
{
	return likely(READ_ONCE(kf_layout) == KF_LAYOUT_MATCH) ||
	       kf_check_layout_rebase(kvm, old_ns, old_cycles);
}

/**
 * kf_is_layout_valid_publish() - may the hook access this vCPU and its VM?
 * @vcpu: the vCPU
 * @clock: the page that KVM is about to publish to it
 *
 * Context: kvm_clock_publish, no locks.
 * Return: false also where this page does not prove the layout.
 */
static inline bool
kf_is_layout_valid_publish(struct kvm_vcpu *vcpu,
			   const struct pvclock_vcpu_time_info *clock)
{
	return likely(READ_ONCE(kf_layout) == KF_LAYOUT_MATCH) ||
	       kf_check_layout_publish(vcpu, clock);
}

/**
 * kf_is_layout_valid_update() - may the hook read this vCPU?
 * @vcpu: computed from @clock, so the pointer may be invalid
 * @vcpu_id: its number
 * @clock: the page that KVM has published to it
 *
 * Context: kvm_pvclock_update.
 * Return: true also while a page leaves the layout in doubt.
 */
static inline bool
kf_is_layout_valid_update(struct kvm_vcpu *vcpu, unsigned int vcpu_id,
			  const struct pvclock_vcpu_time_info *clock)
{
	return likely(READ_ONCE(kf_layout) == KF_LAYOUT_MATCH) ||
	       kf_check_layout_update(vcpu, vcpu_id, clock);
}

#endif /* KVMCLOCK_FIX_LAYOUT_H */
