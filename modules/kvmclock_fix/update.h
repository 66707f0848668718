/* SPDX-License-Identifier: GPL-2.0-only */
/* KVM has published a pvclock page: the audit on the host, on every kernel. */
#ifndef KVMCLOCK_FIX_UPDATE_H
#define KVMCLOCK_FIX_UPDATE_H

struct kvm_vcpu;
struct pvclock_vcpu_time_info;

/**
 * kf_on_update() - audit a pvclock page that KVM publishes
 * @data:    not used
 * @vcpu_id: number of the vCPU
 * @clock:   the page.  An odd version says that KVM has not written it to the guest yet,
 *	     as on 5.10: then a negative system_time is raised
 *
 * Context: the vCPU's thread, preemption off on most kernels.  Takes the VM's lock
 * only for the first page of a vCPU, and for one with findings.
 */
void kf_on_update(void *data, unsigned int vcpu_id,
		  struct pvclock_vcpu_time_info *clock);

/**
 * kf_update_set_vcpu() - keep which vCPU a page belongs to, for kf_on_update()
 * @vcpu:  the vCPU
 * @clock: the page that KVM is about to publish to it
 *
 * Only where KVM's page is a copy on the stack, which does not lead to the vCPU.
 *
 * Context: the vCPU's thread.
 */
#ifdef VMHOOKS_HAVE_KVM_VCPU_HV_CLOCK
static inline void kf_update_set_vcpu(struct kvm_vcpu *vcpu,
				      const struct pvclock_vcpu_time_info *clock)
{
}
#else
void kf_update_set_vcpu(struct kvm_vcpu *vcpu,
			const struct pvclock_vcpu_time_info *clock);
#endif

/**
 * kf_update_request_others() - request a clock update of the VM's other vCPUs
 * @vcpu: the vCPU that needs none
 *
 * They update before they enter the guest the next time.  A vCPU that runs in the guest
 * is not interrupted.
 *
 * Context: the thread of @vcpu.
 */
void kf_update_request_others(struct kvm_vcpu *vcpu);

#endif /* KVMCLOCK_FIX_UPDATE_H */
