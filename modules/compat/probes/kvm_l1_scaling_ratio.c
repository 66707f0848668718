// SPDX-License-Identifier: GPL-2.0-only
/*
 * As of v5.14 a vCPU has a TSC scaling ratio for L1 beside the one in use (KVM: X86: Store
 * L1's TSC scaling ratio in 'struct kvm_vcpu_arch').
 */
#include <linux/kvm_host.h>

u64 vmhooks_probe(struct kvm_vcpu *vcpu);
u64 vmhooks_probe(struct kvm_vcpu *vcpu)
{
	return vcpu->arch.l1_tsc_scaling_ratio;
}
