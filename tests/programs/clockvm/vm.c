// SPDX-License-Identifier: GPL-2.0-only
/* A virtual machine of a few pages: real mode, no devices. */
#include "vm.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

/* For older uapi headers. */
#ifndef KVM_VCPU_TSC_CTRL
#define KVM_VCPU_TSC_CTRL	0
#define KVM_VCPU_TSC_OFFSET	0
#endif

/* Code: AT_CODE halts; these write one MSR (ecx, edx:eax) and halt. */
#define AT_WRMSR	(AT_CODE + 0x10)
#define AT_RESNAPSHOT	(AT_CODE + 0x20)
#define AT_HANDLER	(AT_CODE + 0x40)
#define EXCEPTION_GP	13

static const uint8_t code_halt[] = { 0xf4, 0xeb, 0xfd };	/* hlt; jmp back */
static const uint8_t code_wrmsr[] = { 0x0f, 0x30, 0xf4 };	/* wrmsr; hlt */
static const uint8_t code_resnapshot[] = {
	0x0f, 0x30,		/* wrmsr */
	0x66, 0x89, 0xd9,	/* mov ecx, ebx */
	0x0f, 0x30,		/* wrmsr */
	0xf4,			/* hlt */
};
static const uint8_t code_handler[] = {
	0xc6, 0x06, AT_FAULT & 0xff, AT_FAULT >> 8, 0x01,	/* mov byte [AT_FAULT], 1 */
	0xf4,							/* hlt */
};

void must(bool fine, const char *what)
{
	if (fine)
		return;
	fprintf(stderr, "clockvm: %s: %s\n", what, strerror(errno));
	fflush(stdout);
	exit(1);
}

static void place(struct vm *vm, unsigned int at, const void *code, size_t size)
{
	memcpy(vm->memory + at, code, size);
}

static void load(struct vm *vm)
{
	uint16_t vector[2] = { AT_HANDLER, 0 };

	place(vm, AT_CODE, code_halt, sizeof(code_halt));
	place(vm, AT_WRMSR, code_wrmsr, sizeof(code_wrmsr));
	place(vm, AT_RESNAPSHOT, code_resnapshot, sizeof(code_resnapshot));
	place(vm, AT_HANDLER, code_handler, sizeof(code_handler));
	place(vm, EXCEPTION_GP * sizeof(vector), vector, sizeof(vector));
}

void vm_create(struct vm *vm, int vcpus)
{
	struct kvm_userspace_memory_region region = { .memory_size = VM_MEMORY };

	memset(vm, 0, sizeof(*vm));
	vm->kvm = open("/dev/kvm", O_RDWR | O_CLOEXEC);
	must(vm->kvm >= 0, "/dev/kvm");
	vm->fd = ioctl(vm->kvm, KVM_CREATE_VM, 0);
	must(vm->fd >= 0, "KVM_CREATE_VM");
	vm->memory = mmap(NULL, VM_MEMORY, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS,
			  -1, 0);
	must(vm->memory != MAP_FAILED, "memory of the guest");
	region.userspace_addr = (uintptr_t)vm->memory;
	must(!ioctl(vm->fd, KVM_SET_USER_MEMORY_REGION, &region), "KVM_SET_USER_MEMORY_REGION");
	load(vm);
	while (vm->count < vcpus)
		vm_add_vcpu(vm);
}

void vm_add_vcpu(struct vm *vm)
{
	struct kvm_sregs sregs;
	int number = vm->count;
	int size = ioctl(vm->kvm, KVM_GET_VCPU_MMAP_SIZE, 0);

	errno = E2BIG;
	must(number < VM_VCPUS, "one more vCPU");
	vm->vcpus[number] = ioctl(vm->fd, KVM_CREATE_VCPU, number);
	must(vm->vcpus[number] >= 0, "KVM_CREATE_VCPU");
	vm->runs[number] = mmap(NULL, (size_t)size, PROT_READ | PROT_WRITE, MAP_SHARED,
				vm->vcpus[number], 0);
	must(vm->runs[number] != MAP_FAILED, "kvm_run");
	must(!ioctl(vm->vcpus[number], KVM_GET_SREGS, &sregs), "KVM_GET_SREGS");
	sregs.cs.base = 0;
	sregs.cs.selector = 0;
	must(!ioctl(vm->vcpus[number], KVM_SET_SREGS, &sregs), "KVM_SET_SREGS");
	vm->count++;
}

void vm_destroy(struct vm *vm)
{
	int size = ioctl(vm->kvm, KVM_GET_VCPU_MMAP_SIZE, 0);

	for (int i = 0; i < vm->count; i++) {
		munmap(vm->runs[i], (size_t)size);
		close(vm->vcpus[i]);
	}
	close(vm->fd);
	close(vm->kvm);
	munmap(vm->memory, VM_MEMORY);
}

struct one_msr {
	struct kvm_msrs head;
	struct kvm_msr_entry entry;
};

bool vm_set_msr(struct vm *vm, int vcpu, uint32_t index, uint64_t value)
{
	struct one_msr msr = { .head.nmsrs = 1, .entry = { .index = index, .data = value } };

	return ioctl(vm->vcpus[vcpu], KVM_SET_MSRS, &msr) == 1;
}

uint64_t vm_get_msr(struct vm *vm, int vcpu, uint32_t index)
{
	struct one_msr msr = { .head.nmsrs = 1, .entry = { .index = index } };

	must(ioctl(vm->vcpus[vcpu], KVM_GET_MSRS, &msr) == 1, "KVM_GET_MSRS");
	return msr.entry.data;
}

static void run_from(struct vm *vm, int vcpu, struct kvm_regs *regs)
{
	regs->rflags = 2;
	regs->rsp = 0x8000;
	must(!ioctl(vm->vcpus[vcpu], KVM_SET_REGS, regs), "KVM_SET_REGS");
	while (ioctl(vm->vcpus[vcpu], KVM_RUN, 0))
		must(errno == EINTR || errno == EAGAIN, "KVM_RUN");
	if (vm->runs[vcpu]->exit_reason == KVM_EXIT_HLT)
		return;
	fprintf(stderr, "clockvm: vCPU %d ended with exit reason %u\n", vcpu,
		vm->runs[vcpu]->exit_reason);
	exit(1);
}

void vm_run(struct vm *vm, int vcpu)
{
	struct kvm_regs regs = { .rip = AT_CODE };

	run_from(vm, vcpu, &regs);
}

bool vm_wrmsr(struct vm *vm, int vcpu, uint32_t index, uint64_t value)
{
	struct kvm_regs regs = { .rip = AT_WRMSR, .rcx = index, .rax = (uint32_t)value,
				 .rdx = value >> 32 };

	vm->memory[AT_FAULT] = 0;
	run_from(vm, vcpu, &regs);
	return !vm->memory[AT_FAULT];
}

void vm_resnapshot(struct vm *vm)
{
	struct kvm_regs regs = { .rip = AT_RESNAPSHOT, .rcx = MSR_CLOCK_OLD, .rbx = MSR_CLOCK,
				 .rax = vm_clock_address(0) | 1 };

	run_from(vm, 0, &regs);
}

bool vm_tsc_offset(struct vm *vm, int vcpu, int64_t *offset)
{
	struct kvm_device_attr attr = { .group = KVM_VCPU_TSC_CTRL, .attr = KVM_VCPU_TSC_OFFSET,
					.addr = (uintptr_t)offset };

	return !ioctl(vm->vcpus[vcpu], KVM_GET_DEVICE_ATTR, &attr);
}

static void move_tscs(struct vm *vm, int64_t add)
{
	int64_t offset;
	struct kvm_device_attr attr = { .group = KVM_VCPU_TSC_CTRL, .attr = KVM_VCPU_TSC_OFFSET,
					.addr = (uintptr_t)&offset };

	must(vm_tsc_offset(vm, 0, &offset), "the TSC's offset");
	offset += add;
	for (int i = 0; i < vm->count; i++)
		must(!ioctl(vm->vcpus[i], KVM_SET_DEVICE_ATTR, &attr), "the TSC's offset");
	for (int i = 0; i < vm->count; i++)
		vm_run(vm, i);
}

void vm_nudge(struct vm *vm)
{
	move_tscs(vm, 1);
	move_tscs(vm, -1);
}

uint64_t vm_clock_address(int vcpu)
{
	return AT_CLOCK + 64 * (unsigned int)vcpu;
}

struct clock_page vm_clock(const struct vm *vm, int vcpu)
{
	return *(const struct clock_page *)(vm->memory + vm_clock_address(vcpu));
}

struct clock_page vm_xen(const struct vm *vm, int vcpu)
{
	return *(const struct clock_page *)(vm->memory + AT_XEN + 64 * vcpu);
}

struct hv_page vm_hv(const struct vm *vm)
{
	return *(const struct hv_page *)(vm->memory + AT_HV);
}
