/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Is KVM laid out as where this module was built?
 *
 * This module takes nothing from kvm.ko by name, so no version of a symbol tells
 * when a kernel's update has changed KVM's structures and this module was not built
 * anew.  The first hook that can judge looks, with care; where they differ the log
 * says so and nothing of KVM's is touched until it is loaded again.
 */
#ifndef KVMCLOCK_FIX_KVM_FITS_H
#define KVMCLOCK_FIX_KVM_FITS_H

#include <linux/compiler.h>
#include <linux/kconfig.h>
#include <linux/types.h>

struct kvm;
struct kvm_vcpu;
struct pvclock_vcpu_time_info;

enum kf_fits { KF_FITS_UNKNOWN, KF_FITS, KF_FITS_NOT };

#if IS_ENABLED(CONFIG_KVM)

/* Goes once from the first to one of the others. */
extern enum kf_fits kf_fits;

/* KVM has come: nothing is known of it.  Context: process; no hook is attached. */
void kf_fits_begin(void);

static inline enum kf_fits kf_fits_known(void)
{
	return READ_ONCE(kf_fits);
}

/* The part of the three below before it is known. */
bool kf_fits_look_rebase(struct kvm *kvm, s64 old_ns, u64 old_cycles);
bool kf_fits_look_publish(struct kvm_vcpu *vcpu,
			  const struct pvclock_vcpu_time_info *clock);
bool kf_fits_look_update(struct kvm_vcpu *vcpu, unsigned int vcpu_id,
			 const struct pvclock_vcpu_time_info *clock);

/**
 * kf_fits_rebase() - may this VM be looked into, and changed?
 * @kvm: the VM
 * @old_ns: its master clock, as it was taken the last time
 * @old_cycles: at this TSC of the host
 *
 * Context: kvm_clock_rebase, under tsc_write_lock.
 * Return: false also where this VM does not tell.
 */
static inline bool kf_fits_rebase(struct kvm *kvm, s64 old_ns, u64 old_cycles)
{
	return likely(kf_fits_known() == KF_FITS) ||
	       kf_fits_look_rebase(kvm, old_ns, old_cycles);
}

/**
 * kf_fits_publish() - may this vCPU and its VM be looked into, and changed?
 * @vcpu: the vCPU
 * @clock: what KVM is about to show it
 *
 * Context: kvm_clock_publish, no locks.
 * Return: false also where this page does not tell.
 */
static inline bool kf_fits_publish(struct kvm_vcpu *vcpu,
				   const struct pvclock_vcpu_time_info *clock)
{
	return likely(kf_fits_known() == KF_FITS) || kf_fits_look_publish(vcpu, clock);
}

/**
 * kf_fits_update() - may this vCPU be looked into?
 * @vcpu: as computed from @clock, perhaps wrongly
 * @vcpu_id: its number
 * @clock: what KVM has shown it
 *
 * Context: kvm_pvclock_update.
 * Return: false where it was found that nothing fits.
 */
static inline bool kf_fits_update(struct kvm_vcpu *vcpu, unsigned int vcpu_id,
				  const struct pvclock_vcpu_time_info *clock)
{
	return likely(kf_fits_known() == KF_FITS) ||
	       kf_fits_look_update(vcpu, vcpu_id, clock);
}
#else
static inline void kf_fits_begin(void)
{
}

static inline enum kf_fits kf_fits_known(void)
{
	return KF_FITS_UNKNOWN;
}
#endif

#endif /* KVMCLOCK_FIX_KVM_FITS_H */
