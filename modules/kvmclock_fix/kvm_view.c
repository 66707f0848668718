// SPDX-License-Identifier: GPL-2.0-only
/* What KVM's tracepoint lets us know of the VM behind a clock page. */
#include "kvm_view.h"

#include "kvm_vcpu.h"

void kf_view_get(struct kf_view *view, struct pvclock_vcpu_time_info *clock)
{
	const struct kvm_vcpu *vcpu = vmhooks_pvclock_vcpu(clock);

	*view = (struct kf_view){ };
	if (!vcpu)
		return;
	view->kvm = vcpu->kvm;
	view->offset = vcpu->kvm->arch.kvmclock_offset;
	view->tsc_offset = vcpu->arch.l1_tsc_offset;
}
