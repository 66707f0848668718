// SPDX-License-Identifier: GPL-2.0-only
/*
 * Up to v6.14: a vCPU keeps its last pvclock page, which is the argument of KVM's
 * tracepoint.  v6.15 keeps the rate only (KVM: x86: Remove per-vCPU "cache" of its reference
 * pvclock).
 */
#include <linux/kvm_host.h>

u32 vmhooks_probe(struct kvm_vcpu *vcpu);
u32 vmhooks_probe(struct kvm_vcpu *vcpu)
{
	return vcpu->arch.hv_clock.tsc_to_system_mul;
}
