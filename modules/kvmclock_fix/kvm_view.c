// SPDX-License-Identifier: GPL-2.0-only
/* The VM behind a clock page: what we know of it, and ask of it. */
#include "kvm_view.h"

#include "kvm_vcpu.h"

void kf_view_ask_others(struct kvm_vcpu *done)
{
	struct kvm_vcpu *vcpu;
	unsigned long i;

	kvm_for_each_vcpu(i, vcpu, done->kvm)
		if (vcpu != done)
			kvm_make_request(KVM_REQ_CLOCK_UPDATE, vcpu);
}
