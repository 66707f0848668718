/* SPDX-License-Identifier: GPL-2.0-only */
/* A pvclock page is corrected before KVM writes it; with the companion patch. */
#ifndef KVMCLOCK_FIX_PUBLISH_H
#define KVMCLOCK_FIX_PUBLISH_H

struct kvm_vcpu;
struct pvclock_vcpu_time_info;

/**
 * kf_on_publish() - KVM is about to publish a pvclock page
 * @data:   not used
 * @vcpu:   the vCPU
 * @clock:  the page; system_time and tsc_timestamp may change
 *
 * Context: the vCPU's thread, no locks, interrupts on.  Unless the page is
 * settled, takes tsc_write_lock and the lock of the VM's entry, and opens a write section of
 * pvclock_sc.
 */
void kf_on_publish(void *data, struct kvm_vcpu *vcpu,
		   struct pvclock_vcpu_time_info *clock);

#endif /* KVMCLOCK_FIX_PUBLISH_H */
