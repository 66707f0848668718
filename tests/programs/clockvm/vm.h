/* SPDX-License-Identifier: GPL-2.0-only */
/* A virtual machine of a few pages: real mode, no devices. */
#ifndef CLOCKVM_VM_H
#define CLOCKVM_VM_H

#include <linux/kvm.h>
#include <stdbool.h>
#include <stdint.h>

#include "page.h"

#define VM_VCPUS	64	/* whose pages fill one page of memory */
#define VM_MEMORY	0x20000

/* Guest-physical addresses. */
#define AT_FAULT	0x0500	/* set by the exception handler */
#define AT_CODE		0x1000
#define AT_CLOCK	0x3000	/* kvmclock pages, 64 bytes each */
#define AT_XEN		0x4000	/* Xen's vcpu_time_info, 64 bytes each */
#define AT_HV		0x5000	/* Hyper-V's TSC page */

#define MSR_TSC			0x10
#define MSR_CLOCK_OLD		0x12
#define MSR_CLOCK		0x4b564d01
#define MSR_HV_OS_ID		0x40000000
#define MSR_HV_TSC		0x40000021

struct vm {
	int kvm, fd;
	int count;
	int vcpus[VM_VCPUS];
	struct kvm_run *runs[VM_VCPUS];
	uint8_t *memory;
};

/* Exit with an error message. */
void must(bool fine, const char *what);

void vm_create(struct vm *vm, int vcpus);
void vm_add_vcpu(struct vm *vm);
void vm_destroy(struct vm *vm);

/* The host writes an MSR.  False if KVM rejects it. */
bool vm_set_msr(struct vm *vm, int vcpu, uint32_t index, uint64_t value);
uint64_t vm_get_msr(struct vm *vm, int vcpu, uint32_t index);

/* Run a vCPU, which halts at once. KVM updates its pages. */
void vm_run(struct vm *vm, int vcpu);

/* The guest writes an MSR.  False if that raises an exception. */
bool vm_wrmsr(struct vm *vm, int vcpu, uint32_t index, uint64_t value);

/*
 * The guest registers its clock with the old MSR, then with the new one. The first turns
 * the masterclock off, the second on, by a masterclock update.
 */
void vm_resnapshot(struct vm *vm);

/* The TSC offset of a vCPU.  False if KVM does not return it. */
bool vm_tsc_offset(struct vm *vm, int vcpu, int64_t *offset);

/*
 * Move the TSCs by one cycle and back: two masterclock updates. The masterclock stays
 * on, as Hyper-V's page needs it.
 */
void vm_nudge(struct vm *vm);

/* Copy a page. */
struct clock_page vm_clock(const struct vm *vm, int vcpu);
struct clock_page vm_xen(const struct vm *vm, int vcpu);
struct hv_page vm_hv(const struct vm *vm);

/* The pvclock page of a vCPU. */
uint64_t vm_clock_address(int vcpu);

#endif
