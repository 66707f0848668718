/* SPDX-License-Identifier: GPL-2.0-only */
/* All VMs on this host, by their key and in a list. */
#ifndef KVMCLOCK_FIX_TABLE_H
#define KVMCLOCK_FIX_TABLE_H

#include <linux/kconfig.h>
#include <linux/string.h>
#include <linux/types.h>

#include "vm.h"

#if IS_ENABLED(CONFIG_KVM)
/* VMs that are gone, whose last findings are kept. */
#define KF_GONE 16

/**
 * struct kf_gone - a VM that is gone, and what was found last
 * @tgid: TGID of its process
 * @comm: name of its process
 * @name: KVM's name of the VM
 * @last: what was found; no bits: there is none
 */
struct kf_gone {
	pid_t tgid;
	char comm[TASK_COMM_LEN];
	char name[KF_NAME_LENGTH];
	struct kf_last last;
};

/* All entries, under RCU. */
extern struct list_head kf_table_vms;

/**
 * kf_table_init() - begin with an empty table
 * @max: number of VMs that it may have
 *
 * Hooks run where they cannot allocate.  They take entries from a reserve, which is filled
 * again in time.
 *
 * Context: process, may sleep; no hook is attached.
 * Return: 0 or -ENOMEM.
 */
int kf_table_init(unsigned int max);

/* Drops and frees all entries.  Context: process, may sleep; no hook is attached. */
void kf_table_exit(void);

/**
 * kf_table_get_vcpu() - find or add the entry of a vCPU
 * @vm: its VM
 * @id: its number
 *
 * Context: any but NMI, in an RCU read section.
 * Return: the entry; NULL if there is no free one.
 */
struct kf_vcpu *kf_table_get_vcpu(struct kf_vm *vm, unsigned int id);

/**
 * kf_table_renew() - begin an entry for a VM that has no vCPU yet
 * @vm:	 the entry of a VM that had the same address, which is dropped
 * @kvm: the VM, of the current process
 *
 * Takes no longer if the old VM had many vCPUs.
 *
 * Context: any but NMI, in an RCU read section, not under the lock of a VM.
 * Return: the entry; NULL if there is no free one.
 */
struct kf_vm *kf_table_renew(struct kf_vm *vm, const void *kvm);

/**
 * kf_table_read_name() - read the name that KVM gives a VM in debugfs
 * @vm:	 its entry
 * @kvm: the VM, in a hook of its own
 *
 * Reads with care: the layout may be another.  Before KVM has given the name it stays
 * empty.
 *
 * Context: any.
 */
void kf_table_read_name(struct kf_vm *vm, const struct kvm *kvm);

/**
 * kf_process_name() - the name of the current process, as one printable word
 * @name: buffer
 * @size: of @name
 *
 * Context: any.
 */
void kf_process_name(char *name, size_t size);

/* A bad finding was counted: calls the function below in time.  Context: any. */
void kf_table_notify(void);

/**
 * kf_table_set_notify() - what to call after bad findings were counted
 * @notify: in process context; NULL: it is not called any more after the return
 *
 * Context: process, may sleep.
 */
void kf_table_set_notify(void (*notify)(void));

/**
 * kf_vm_add_clean() - add up the pages without findings
 * @vm:	 a VM
 * @sum: to which those of its vCPUs are added
 *
 * Context: in an RCU read section, no locks.
 */
void kf_vm_add_clean(const struct kf_vm *vm, struct kf_counts *sum);

/**
 * kf_table_add_counts() - add up the counts of all VMs, tracked and untracked
 * @sum: the sum
 *
 * Context: process, may sleep.
 */
void kf_table_add_counts(struct kf_counts *sum);

/* Lookups that failed because there was no free entry.  Context: process. */
u64 kf_table_untracked(void);

/**
 * kf_table_gone() - a VM that is gone and had bad findings
 * @i:	  0 for the one that was dropped last, up to KF_GONE - 1
 * @gone: a copy
 *
 * Context: process.
 * Return: whether there is one.
 */
bool kf_table_gone(unsigned int i, struct kf_gone *gone);
#else /* without KVM there is no VM */
static inline void kf_table_set_notify(void (*notify)(void))
{
}

static inline void kf_table_add_counts(struct kf_counts *sum)
{
	memset(sum, 0, sizeof(*sum));
}

static inline u64 kf_table_untracked(void)
{
	return 0;
}
#endif

#endif /* KVMCLOCK_FIX_TABLE_H */
