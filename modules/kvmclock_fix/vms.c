// SPDX-License-Identifier: GPL-2.0-only
/*
 * What is known of each VM on this host, and of each of its vCPUs.
 *
 * A VM is known by the address of its struct kvm where a hook gives that, else by
 * its process.  The address is compared and never followed: nobody tells when a
 * VM is gone.  Its entry goes with its process, or when that needs room for
 * another, and is begun anew when the address is seen again for a VM that has no
 * vCPU yet (correct.c).
 *
 * The memory is bounded and is allocated when KVM is loaded.  What does not fit
 * is counted in the totals only, and not corrected.
 */
#include "vms.h"

#include <linux/ctype.h>
#include <linux/hash.h>
#include <linux/jiffies.h>
#include <linux/mm.h>
#include <linux/pid.h>
#include <linux/rcupdate.h>
#include <linux/sched/signal.h>
#include <linux/spinlock.h>
#include <linux/string.h>
#include <linux/sysfs.h>
#include <linux/vmalloc.h>
#include <linux/workqueue.h>

#include "correct.h"

#define HASH_BITS 10
#define VCPUS_PER_VM 4
#define PRUNE_SECONDS 10
#define IDLE_SECONDS 60
#define TOTAL_TRIES 3
#define VM_LENGTH 600 /* of a line at most: 23 numbers of 20 digits, and names */

/* Covers all below. */
DEFINE_RAW_SPINLOCK(kf_vms_spinlock);
static struct hlist_head by_kvm[1 << HASH_BITS];
static struct hlist_head by_pid[1 << HASH_BITS];
static struct hlist_head by_id[1 << HASH_BITS];
static struct hlist_head free_vms;
static struct hlist_head free_vcpus;
static bool crowded; /* somebody has found no room since prune() ran */
static u64 untracked;
static unsigned int gone; /* times that counts went to kf_rest */
struct kf_counts kf_rest;

/* Written while no hook is attached; vm->pid is NULL for an entry not in use. */
static struct kf_vm *vms;
static struct kf_vcpu *vcpus;
static unsigned int max_vms;

static struct hlist_head *vcpu_bucket(const struct kf_vm *vm, unsigned int id)
{
	return &by_id[hash_long((unsigned long)vm + id, HASH_BITS)];
}

static struct kf_vm *find(const void *kvm, const struct pid *pid)
{
	struct kf_vm *vm;

	if (kvm) {
		hlist_for_each_entry(vm, &by_kvm[hash_ptr(kvm, HASH_BITS)],
				     by_kvm)
			if (vm->kvm == kvm)
				return vm;
		return NULL;
	}
	hlist_for_each_entry(vm, &by_pid[hash_ptr(pid, HASH_BITS)], by_pid)
		if (vm->pid == pid && !vm->kvm)
			return vm;
	return NULL;
}

/* Forgets a VM's vCPUs. */
static void drop_vcpus(struct kf_vm *vm)
{
	struct hlist_node *next;
	struct kf_vcpu *vcpu;

	lockdep_assert_held(&kf_vms_spinlock);
	hlist_for_each_entry_safe(vcpu, next, &vm->vcpus, sibling) {
		hlist_del(&vcpu->node);
		hlist_del(&vcpu->sibling);
		hlist_add_head(&vcpu->node, &free_vcpus);
	}
}

/* Of a VM that ends here, or is another one from now on. */
static void keep_counts(struct kf_vm *vm)
{
	lockdep_assert_held(&kf_vms_spinlock);
	kf_counts_add(&kf_rest, &vm->counts);
	memset(&vm->counts, 0, sizeof(vm->counts));
	WRITE_ONCE(gone, gone + 1);
}

/* Takes a VM's entry out of use; the caller puts the process. */
static struct pid *drop_vm(struct kf_vm *vm)
{
	struct pid *pid = vm->pid;

	lockdep_assert_held(&kf_vms_spinlock);
	drop_vcpus(vm);
	keep_counts(vm);
	if (vm->kvm)
		hlist_del(&vm->by_kvm);
	hlist_del(&vm->by_pid);
	vm->pid = NULL;
	hlist_add_head(&vm->by_kvm, &free_vms);
	return pid;
}

void kf_vms_name(char *name, size_t size)
{
	strscpy(name, current->group_leader->comm, size);
	for (; *name; name++)
		if (!isgraph(*name) || !isascii(*name))
			*name = '_';
}

/*
 * Makes room by dropping the VM of this process that was not heard of for the longest
 * time: nobody tells when a VM is gone, and a process may have had many.
 */
static void drop_oldest(struct pid *pid)
{
	struct kf_vm *vm, *oldest = NULL;

	lockdep_assert_held(&kf_vms_spinlock);
	hlist_for_each_entry(vm, &by_pid[hash_ptr(pid, HASH_BITS)], by_pid)
		if (vm->pid == pid &&
		    (!oldest || time_before(vm->used, oldest->used)))
			oldest = vm;
	if (oldest)
		put_pid(drop_vm(oldest)); /* not the last: it runs */
}

static struct kf_vm *add(const void *kvm, struct pid *pid)
{
	struct kf_vm *vm;

	lockdep_assert_held(&kf_vms_spinlock);
	if (hlist_empty(&free_vms))
		drop_oldest(pid);
	vm = hlist_entry_safe(free_vms.first, struct kf_vm, by_kvm);
	if (!vm) {
		crowded = true;
		return NULL;
	}
	hlist_del(&vm->by_kvm);
	memset(vm, 0, sizeof(*vm));
	vm->kvm = kvm;
	vm->pid = get_pid(pid);
	vm->tgid = current->tgid;
	kf_vms_name(vm->comm, sizeof(vm->comm));
	if (kvm)
		hlist_add_head(&vm->by_kvm, &by_kvm[hash_ptr(kvm, HASH_BITS)]);
	hlist_add_head(&vm->by_pid, &by_pid[hash_ptr(pid, HASH_BITS)]);
	return vm;
}

/* Where the entry that was found, if any, is not one of this process. */
static noinline struct kf_vm *get_other(struct kf_vm *vm, const void *kvm,
					struct pid *pid, bool mine)
{
	lockdep_assert_held(&kf_vms_spinlock);
	if (vm && mine) {
		/* The address has a new owner; the old one has ended or will. */
		hlist_del(&vm->by_kvm);
		vm->kvm = NULL;
		vm = NULL;
	}
	if (!vm && mine)
		vm = add(kvm, pid);
	if (vm)
		vm->used = jiffies;
	else if (mine)
		untracked++;
	return vm;
}

struct kf_vm *kf_vms_get(const void *kvm, bool mine)
{
	struct pid *pid = task_tgid(current);
	struct kf_vm *vm = find(kvm, pid);

	lockdep_assert_held(&kf_vms_spinlock);
	if (unlikely(!vm || vm->pid != pid))
		return get_other(vm, kvm, pid, mine);
	vm->used = jiffies;
	return vm;
}

static noinline struct kf_vcpu *add_vcpu(struct kf_vm *vm, unsigned int id)
{
	struct kf_vcpu *vcpu;

	lockdep_assert_held(&kf_vms_spinlock);
	vcpu = hlist_entry_safe(free_vcpus.first, struct kf_vcpu, node);
	if (!vcpu) {
		untracked++;
		return NULL;
	}
	hlist_del(&vcpu->node);
	memset(vcpu, 0, sizeof(*vcpu));
	vcpu->vm = vm;
	vcpu->id = id;
	hlist_add_head(&vcpu->node, vcpu_bucket(vm, id));
	hlist_add_head(&vcpu->sibling, &vm->vcpus);
	return vcpu;
}

struct kf_vcpu *kf_vms_vcpu(struct kf_vm *vm, unsigned int id)
{
	struct kf_vcpu *vcpu;

	lockdep_assert_held(&kf_vms_spinlock);
	hlist_for_each_entry(vcpu, vcpu_bucket(vm, id), node)
		if (vcpu->vm == vm && vcpu->id == id)
			return vcpu;
	return add_vcpu(vm, id);
}

void kf_vm_changed(struct kf_vm *vm, s64 offset, u32 sleeps)
{
	lockdep_assert_held(&kf_vms_spinlock);
	if (vm->offset != offset) {
		vm->counts.sets += vm->known;
		vm->drift = 0;
	}
	kf_vm_off_line(vm);
	/* After a sleep its rebase comes first, and was left alone. */
	if (!vm->known)
		vm->rebase_sleeps = sleeps;
	vm->known = true;
	vm->offset = offset;
	vm->sleeps = sleeps;
}

void kf_vm_begin(struct kf_vm *vm)
{
	lockdep_assert_held(&kf_vms_spinlock);
	drop_vcpus(vm);
	keep_counts(vm);
	memset(&vm->tsc, 0, sizeof(vm->tsc));
	vm->vcpu = NULL;
	vm->known = false;
	kf_vm_off_line(vm);
	vm->drift = 0;
}

static bool is_any(const struct kf_vm *vm)
{
	return true;
}

static bool is_dead(const struct kf_vm *vm)
{
	bool dead;

	rcu_read_lock();
	dead = !pid_task(vm->pid, PIDTYPE_TGID);
	rcu_read_unlock();
	return dead;
}

static bool is_idle(const struct kf_vm *vm)
{
	return time_after(jiffies, vm->used + IDLE_SECONDS * HZ);
}

static void drop_if(bool (*over)(const struct kf_vm *vm))
{
	unsigned long flags;
	struct pid *pid;
	unsigned int i;

	for (i = 0; i < max_vms; i++) {
		pid = NULL;
		flags = kf_vms_lock();
		if (vms[i].pid && over(&vms[i]))
			pid = drop_vm(&vms[i]);
		kf_vms_unlock(flags);
		put_pid(pid);
	}
}

static void prune(struct work_struct *work);
static DECLARE_DEFERRABLE_WORK(prune_work, prune);

static void prune(struct work_struct *work)
{
	unsigned long flags = kf_vms_lock();
	bool full = crowded;

	crowded = false;
	kf_vms_unlock(flags);
	drop_if(is_dead);
	/* One process may hold what others need. */
	if (full)
		drop_if(is_idle);
	schedule_delayed_work(&prune_work, PRUNE_SECONDS * HZ);
}

int kf_vms_init(unsigned int max)
{
	unsigned int i;

	vms = kvcalloc(max, sizeof(*vms), GFP_KERNEL);
	vcpus = kvcalloc(max * VCPUS_PER_VM, sizeof(*vcpus), GFP_KERNEL);
	if (!vms || !vcpus) {
		kvfree(vms);
		kvfree(vcpus);
		return -ENOMEM;
	}
	max_vms = max;
	for (i = 0; i < max; i++)
		hlist_add_head(&vms[i].by_kvm, &free_vms);
	for (i = 0; i < max * VCPUS_PER_VM; i++)
		hlist_add_head(&vcpus[i].node, &free_vcpus);
	schedule_delayed_work(&prune_work, PRUNE_SECONDS * HZ);
	return 0;
}

void kf_vms_exit(void)
{
	unsigned long flags;

	cancel_delayed_work_sync(&prune_work);
	drop_if(is_any);
	flags = kf_vms_lock();
	INIT_HLIST_HEAD(&free_vms);
	INIT_HLIST_HEAD(&free_vcpus);
	max_vms = 0;
	kf_vms_unlock(flags);
	kvfree(vms);
	kvfree(vcpus);
	vms = NULL;
	vcpus = NULL;
}

/*
 * All of one moment, but for what is counted meanwhile; again when a VM goes, which
 * may be counted twice or not at all where others go each time.
 */
void kf_vms_totals(struct kf_counts *sum)
{
	unsigned int i, before, tries = 0;
	unsigned long flags;

	do {
		flags = kf_vms_lock();
		*sum = kf_rest;
		before = gone;
		kf_vms_unlock(flags);
		for (i = 0; i < READ_ONCE(max_vms); i++) {
			flags = kf_vms_lock();
			if (i < max_vms && vms[i].pid)
				kf_counts_add(sum, &vms[i].counts);
			kf_vms_unlock(flags);
			cond_resched();
		}
	} while (before != READ_ONCE(gone) && ++tries < TOTAL_TRIES);
}

u64 kf_vms_untracked(void)
{
	unsigned long flags = kf_vms_lock();
	u64 count = untracked;

	kf_vms_unlock(flags);
	return count;
}

static bool is_bad(const struct kf_counts *counts)
{
	return counts->negative || counts->backwards ||
	       counts->version_violations;
}

static ssize_t show_vm(char *buf, ssize_t len, const struct kf_vm *vm)
{
	const struct kf_counts *c = &vm->counts;
	ssize_t begin = len;
	unsigned int bin;

	len += sysfs_emit_at(buf, len, "pid=%d comm=%s updates=%llu negative=%llu backwards=%llu",
			     vm->tgid, vm->comm, c->updates, c->negative,
			     c->backwards);
	len += sysfs_emit_at(buf, len, " rate_changes=%llu version_violations=%llu sets=%llu",
			     c->rate_changes, c->version_violations, c->sets);
	len += sysfs_emit_at(buf, len, " corrected=%llu drift_ns=%lld steps=",
			     c->corrected, vm->drift + kf_correct_pending(vm));
	for (bin = 0; bin < KF_STEP_BINS; bin++)
		len += sysfs_emit_at(buf, len, "%llu%c", c->steps[bin],
				     bin < KF_STEP_BINS - 1 ? ',' : '\n');
	return len - begin;
}

/* Those with findings first; a page of sysfs has room for about fifteen. */
ssize_t kf_vms_show(char *buf)
{
	unsigned int i, pass, left = 0;
	unsigned long flags;
	struct kf_vm vm;
	ssize_t len = 0;

	for (pass = 0; pass < 2; pass++) {
		for (i = 0; i < READ_ONCE(max_vms); i++) {
			flags = kf_vms_lock();
			memset(&vm, 0, sizeof(vm));
			if (i < max_vms)
				vm = vms[i];
			kf_vms_unlock(flags);
			if (!vm.pid || is_bad(&vm.counts) != !pass)
				continue;
			if (len < PAGE_SIZE - VM_LENGTH)
				len += show_vm(buf, len, &vm);
			else
				left++;
		}
	}
	if (left)
		len += sysfs_emit_at(buf, len, "and %u more\n", left);
	return len;
}
