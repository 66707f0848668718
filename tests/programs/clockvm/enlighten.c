// SPDX-License-Identifier: GPL-2.0-only
/* The same clock in Hyper-V's and Xen's formats. */
#include "enlighten.h"

#include <stdlib.h>
#include <sys/ioctl.h>

#define HV_ENTRIES	64
#define HV_OS_LINUX	0x8100000000000000ULL
#define XEN_HYPERCALL	0x40000200

bool hv_enable(struct vm *vm)
{
	struct kvm_cpuid2 *cpuid;
	bool fine;

	if (ioctl(vm->kvm, KVM_CHECK_EXTENSION, KVM_CAP_HYPERV_CPUID) <= 0)
		return false;
	cpuid = calloc(1, sizeof(*cpuid) + HV_ENTRIES * sizeof(cpuid->entries[0]));
	must(cpuid, "memory");
	cpuid->nent = HV_ENTRIES;
	fine = !ioctl(vm->vcpus[0], KVM_GET_SUPPORTED_HV_CPUID, cpuid) &&
	       !ioctl(vm->vcpus[0], KVM_SET_CPUID2, cpuid) &&
	       vm_set_msr(vm, 0, MSR_HV_OS_ID, HV_OS_LINUX) &&
	       vm_set_msr(vm, 0, MSR_HV_TSC, AT_HV | 1);
	free(cpuid);
	return fine;
}

static bool xen_vcpu(struct vm *vm, int vcpu)
{
	struct kvm_xen_vcpu_attr attr = { .type = KVM_XEN_VCPU_ATTR_TYPE_VCPU_TIME_INFO,
					  .u.gpa = AT_XEN + 64 * (unsigned int)vcpu };

	return !ioctl(vm->vcpus[vcpu], KVM_XEN_VCPU_SET_ATTR, &attr);
}

bool xen_enable(struct vm *vm)
{
	struct kvm_xen_hvm_config config = { .flags = KVM_XEN_HVM_CONFIG_INTERCEPT_HCALL,
					     .msr = XEN_HYPERCALL };
	bool fine;

	if (ioctl(vm->kvm, KVM_CHECK_EXTENSION, KVM_CAP_XEN_HVM) <= 0)
		return false;
	fine = !ioctl(vm->fd, KVM_XEN_HVM_CONFIG, &config);
	for (int i = 0; i < vm->count; i++)
		fine = fine && xen_vcpu(vm, i);
	return fine;
}
