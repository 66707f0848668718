/* SPDX-License-Identifier: GPL-2.0-only */
/* The state that is kept of each VM on this host, and of each of its vCPUs. */
#ifndef KVMCLOCK_FIX_VM_H
#define KVMCLOCK_FIX_VM_H

#include <linux/bits.h>
#include <linux/kconfig.h>
#include <linux/types.h>

#include "audit.h"

/**
 * struct kf_tsc - the parameters that KVM computes a guest's rate from
 * @ratio:    of the TSC scaling
 * @khz:      hw_tsc_khz, the rate of the guest's pages; 0 before the first page
 * @host_khz: tsc_khz
 */
struct kf_tsc {
	u64 ratio;
	unsigned int khz;
	unsigned int host_khz;
};

/**
 * kf_tsc_is_same() - are the parameters of two TSCs the same?
 * @a: one
 * @b: the other
 *
 * Return: whether a clock line of one is valid for the other.
 */
static inline bool kf_tsc_is_same(const struct kf_tsc *a, const struct kf_tsc *b)
{
	return a->ratio == b->ratio && a->khz == b->khz &&
	       a->host_khz == b->host_khz;
}

#if IS_ENABLED(CONFIG_KVM)
#include <linux/compiler.h>
#include <linux/hash.h>
#include <linux/jiffies.h>
#include <linux/kvm_host.h>
#include <linux/rculist.h>
#include <linux/sched/signal.h>
#include <linux/spinlock.h>
#include <linux/timekeeping.h>

#include <asm/cpufeature.h>
#include <asm/tsc.h>

#include "kvm_vcpu.h"
#include "line.h"
#include "params.h"
#include "snapshot.h"

/* Kinds of what was found last, besides the KF_BAD ones. */
#define KF_REFUSED BIT(6)

/**
 * struct kf_last - the last bad finding, or refused correction, of a VM
 * @found: KF_* bits, 0 for none
 * @ns:	   the step, or what was refused, nanoseconds
 * @at:	   CLOCK_BOOTTIME, nanoseconds
 */
struct kf_last {
	unsigned int found;
	s64 ns;
	u64 at;
};

/* KVM's name of a VM in debugfs: PID-FD. */
#define KF_NAME_LENGTH 24

/**
 * struct kf_vm - a VM; lookups under RCU
 * @by_kvm:  node in the hash of @kvm, if that is not NULL; under the table's lock
 * @by_pid:  node in the hash of @pid; under the table's lock
 * @all:     node in the list of all VMs; under the table's lock
 * @vcpus:   its vCPUs, under RCU; written under the table's lock
 * @gone:    it was dropped, and is freed after a grace period; under the table's lock
 * @rcu:     for that
 * @kvm:     the VM, NULL where only the process is known.  A lookup key that is never
 *	     dereferenced; written under the table's lock, NULL when the entry was dropped, or when
 *	     another VM has the address
 * @pid:     the process
 * @tgid:    TGID, for log and sysfs output only
 * @comm:    name of the process, for log and sysfs output only
 * @name:    KVM's name of the VM, empty where that is unknown
 * @started: start of the process, CLOCK_BOOTTIME in nanoseconds
 * @used:    jiffies at the last lookup
 * @lock:    protects what follows
 * @counts:  findings of the audit, without those of its vCPUs
 * @last:    the last of them
 * @refused: the last decision was to refuse a correction
 * @offset_valid: @offset is valid
 * @offset:  kvmclock_offset at the last hook, or as this module left it
 * @suspends: kf_suspends at the last hook
 * @rebase_suspends: kf_suspends at the last masterclock update
 * @tsc:     TSC parameters of its vCPUs, as of the last publish
 * @rates:   of @tsc; a ratio of 0 where it is unknown
 * @drift:   ns by which the corrections have moved the clock from the raw clock since
 *	     the clock was set
 * @vcpu:    a vCPU with @tsc, NULL before the first publish.  It lives as long as the VM,
 *	     so the VM's own hooks may dereference it
 * @line:    the clock line that the VM follows
 */
struct kf_vm {
	struct hlist_node by_kvm;
	struct hlist_node by_pid;
	struct list_head all;
	struct hlist_head vcpus;
	bool gone;
	struct rcu_head rcu;
	const void *kvm;
	struct pid *pid;
	pid_t tgid;
	char comm[TASK_COMM_LEN];
	char name[KF_NAME_LENGTH];
	u64 started;
	unsigned long used;

	/*
	 * Nests in the tsc_write_lock of the VM and in its pvclock_sc.  Interrupts are off.
	 * Exception: publish_loose() takes tsc_write_lock only.  It changes @refused, @offset,
	 * @drift, @vcpu, @agreed of @line, and @corrected of @counts.
	 */
	raw_spinlock_t lock;
	struct kf_counts counts;
	struct kf_last last;
	bool refused;
	bool offset_valid;
	s64 offset;
	u32 suspends;
	u32 rebase_suspends;
	struct kf_tsc tsc;
	struct kf_rates rates;
	s64 drift;
	struct kvm_vcpu *vcpu;
	struct kf_vm_line line;
};

/**
 * struct kf_vcpu - a vCPU; lookups under RCU
 * @node:    in the hash of the VM's @kvm and @id; under the table's lock
 * @sibling: node in the list of @vm; under the table's lock
 * @rcu:     to free it after a grace period
 * @vm:	     the VM
 * @id:	     its number, combined with its thread where @vm may be several VMs
 * @published: the pages that were published to it
 * @counts:  its pages without findings
 *
 * KVM publishes to a vCPU in one thread at a time.  Only that writes the last two, so they
 * need no lock, and the vCPUs of a VM do not wait for each other.
 */
struct kf_vcpu {
	struct hlist_node node;
	struct hlist_node sibling;
	struct rcu_head rcu;
	struct kf_vm *vm;
	unsigned int id;
	struct kf_published published;
	struct kf_counts counts;
};

#define KF_TABLE_BITS 10

extern struct hlist_head kf_table_by_kvm[1 << KF_TABLE_BITS];
extern struct hlist_head kf_table_by_id[1 << KF_TABLE_BITS];

/* Counts of VMs without an entry, and of entries that were dropped; has no process. */
extern struct kf_vm kf_untracked;

/* The slow path of kf_vm_get(). */
struct kf_vm *kf_table_get(const void *kvm, bool own);

/* Keeps when the VM was looked up last. */
static inline void kf_vm_use(struct kf_vm *vm)
{
	const unsigned long now = jiffies;

	if (unlikely(READ_ONCE(vm->used) != now))
		WRITE_ONCE(vm->used, now);
}

/* The entry of a VM by its address; NULL where there is none.  In an RCU read section. */
static __always_inline struct kf_vm *kf_vm_find(const void *kvm)
{
	struct kf_vm *vm;

	hlist_for_each_entry_rcu(vm, &kf_table_by_kvm[hash_ptr(kvm, KF_TABLE_BITS)],
				 by_kvm)
		if (READ_ONCE(vm->kvm) == kvm)
			break;
	return vm;
}

/**
 * kf_vm_get() - find the entry of a VM
 * @kvm: the VM, or NULL for the one of the current process
 * @own: the VM belongs to the current process: add an entry if there is none
 *
 * Context: any but NMI, in an RCU read section, not under the lock of a VM.
 * Return: the entry; NULL if there is none and no free one.
 */
static __always_inline struct kf_vm *kf_vm_get(const void *kvm, bool own)
{
	struct kf_vm *vm = kf_vm_find(kvm);

	if (unlikely(!vm || (own && vm->pid != task_tgid(current))))
		return kf_table_get(kvm, own);
	kf_vm_use(vm);
	return vm;
}

/* The vCPUs of the VMs of @kvm with this number. */
static inline struct hlist_head *kf_vcpu_bucket(const void *kvm, unsigned int id)
{
	return &kf_table_by_id[hash_long((unsigned long)kvm + id, KF_TABLE_BITS)];
}

/**
 * kf_vcpu_find() - find the entry of a vCPU of the current process
 * @kvm: its VM
 * @id:	 its number
 *
 * Context: any but NMI, in an RCU read section.
 * Return: the entry; NULL where it takes the slow path to find or to add one.
 */
static __always_inline struct kf_vcpu *kf_vcpu_find(const void *kvm, unsigned int id)
{
	struct kf_vcpu *vcpu;

	hlist_for_each_entry_rcu(vcpu, kf_vcpu_bucket(kvm, id), node)
		if (READ_ONCE(vcpu->vm->kvm) == kvm && vcpu->id == id)
			break;
	if (unlikely(!vcpu || vcpu->vm->pid != task_tgid(current)))
		return NULL;
	kf_vm_use(vcpu->vm);
	return vcpu;
}

/* The clock line of the VM is unknown.  Context: any, under its lock. */
static inline void kf_vm_invalidate_line(struct kf_vm *vm)
{
	vm->line.valid = false;
	vm->line.away = false;
	vm->line.cached = false;
}

/* The slow path of kf_vm_update_offset(), for a clock that was changed. */
void kf_vm_change_offset(struct kf_vm *vm, s64 offset, u32 suspends);

/**
 * kf_vm_update_offset() - invalidate the clock line if the VM's clock was changed
 * @vm:	    the VM
 * @offset: its kvmclock_offset now
 *
 * KVM_SET_CLOCK changes the offset.  A suspend of the host changes the base, and so does
 * another rate of the raw clock.
 *
 * Context: any, under its lock.
 */
static inline void kf_vm_update_offset(struct kf_vm *vm, s64 offset)
{
	u32 suspends = READ_ONCE(kf_suspends);

	if (unlikely(!vm->offset_valid || vm->offset != offset ||
		     vm->suspends != suspends))
		kf_vm_change_offset(vm, offset, suspends);
}

/* Keeps what was found, and when.  Context: any, under its lock. */
static inline void kf_vm_keep_last(struct kf_vm *vm, unsigned int found, s64 ns)
{
	vm->last = (struct kf_last){ .found = found, .ns = ns,
				     .at = ktime_get_boot_fast_ns() };
}

/* The slow path of kf_vm_add_ns(): a correction was refused. */
void kf_vm_refuse(struct kf_vm *vm, s64 ns);

/**
 * kf_vm_add_ns() - add to the clock of a VM
 * @vm:	 its entry
 * @kvm: the VM
 * @add: the decision; what is refused is counted
 *
 * Context: under tsc_write_lock, in a write section of pvclock_sc except while the VM
 * is created, and under its lock.
 * Return: nanoseconds that were added.
 */
static inline s64 kf_vm_add_ns(struct kf_vm *vm, struct kvm *kvm,
			       struct kf_add add)
{
	vm->refused = add.refused;
	if (unlikely(add.refused))
		kf_vm_refuse(vm, add.refused);
	if (!add.ns)
		return 0;
	kvm->arch.kvmclock_offset += add.ns;
	vm->offset = kvm->arch.kvmclock_offset;
	vm->drift += add.ns;
	vm->counts.corrected++;
	return add.ns;
}

/* The processor determines the fraction bits of a TSC scaling ratio. */
static inline unsigned int kf_scale_bits(void)
{
	return boot_cpu_has(X86_FEATURE_SVM) ? 32 : 48;
}

/* The parameters that KVM computes a vCPU's rate from, now. */
static inline struct kf_tsc kf_vcpu_tsc(const struct kvm_vcpu *vcpu)
{
	return (struct kf_tsc){ .ratio = *vmhooks_vcpu_ratio(vcpu),
				.khz = vcpu->arch.hw_tsc_khz,
				.host_khz = tsc_khz };
}

/* KVM's rate of a vCPU, as of its last page. */
static inline struct kf_rate kf_vcpu_rate(const struct kvm_vcpu *vcpu)
{
	return (struct kf_rate){ .mul = *vmhooks_vcpu_mul(vcpu),
				 .shift = *vmhooks_vcpu_shift(vcpu) };
}

/* The slow path of kf_vm_has_tsc(), before the first publish. */
bool kf_vm_learn_rates(struct kf_vm *vm, const struct kvm_vcpu *vcpu);

/**
 * kf_vm_has_tsc() - are the TSC parameters of a VM verified?
 * @vm:   the VM
 * @vcpu: one of its vCPUs
 *
 * KVM must not have changed a parameter of the rate since the vCPU's last page.
 *
 * Context: any, under its lock.
 * Return: whether they are; then @vm->rates is valid.
 */
static inline bool kf_vm_has_tsc(struct kf_vm *vm, const struct kvm_vcpu *vcpu)
{
	const struct kf_tsc now = kf_vcpu_tsc(vcpu);

	if (unlikely(!vm->tsc.khz))
		return kf_vm_learn_rates(vm, vcpu);
	return kf_tsc_is_same(&vm->tsc, &now) && vm->rates.scale.ratio;
}

/**
 * kf_vm_is_unchanged() - are all parameters of a VM's clock line as they were?
 * @vm:	    the VM
 * @vcpu:   one of its vCPUs
 * @offset: its kvmclock_offset now
 *
 * Before the first page @vm->tsc is zero, and they are not.
 *
 * Context: any, under its lock or the VM's tsc_write_lock.
 * Return: whether they are, and the parameter "fix" is on.
 */
static __always_inline bool kf_vm_is_unchanged(const struct kf_vm *vm,
					       const struct kvm_vcpu *vcpu,
					       s64 offset)
{
	if (vm->offset != offset || vm->suspends != READ_ONCE(kf_suspends) ||
	    !vmhooks_bounded(&kf_fix))
		return false;
	return vm->tsc.ratio == *vmhooks_vcpu_ratio(vcpu) &&
	       vm->tsc.khz == vcpu->arch.hw_tsc_khz &&
	       vm->tsc.host_khz == tsc_khz;
}

/**
 * kf_vm_update_tsc() - keep the TSC parameters of a vCPU that is published a page
 * @vm:   the VM
 * @vcpu: the vCPU
 *
 * Other parameters than before invalidate the clock line.
 *
 * Context: any, under its lock.
 */
void kf_vm_update_tsc(struct kf_vm *vm, struct kvm_vcpu *vcpu);

#endif

#endif /* KVMCLOCK_FIX_VM_H */
