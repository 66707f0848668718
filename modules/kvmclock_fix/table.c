// SPDX-License-Identifier: GPL-2.0-only
/*
 * All VMs on this host, by their key and in a list.
 *
 * A VM is identified by the address of its struct kvm where a hook gives that, else by its
 * process.  The address is compared and never dereferenced, because no hook tells of the
 * end of a VM.  An entry is dropped after the end of its process, or when another VM
 * needs it, or when a VM without vCPUs has its address (rebase.c).
 *
 * Lookups run under RCU and take no lock.  A dropped entry is freed after a grace period, so
 * its last findings are still counted.  New entries come from a reserve.  A VM without an
 * entry is counted in the totals only, and is not corrected.
 */
#include "table.h"

#include <linux/atomic.h>
#include <linux/ctype.h>
#include <linux/dcache.h>
#include <linux/err.h>
#include <linux/irq_work.h>
#include <linux/pid.h>
#include <linux/slab.h>
#include <linux/uaccess.h>
#include <linux/workqueue.h>

#define RESERVE_VMS 64
#define RESERVE_VCPUS 256
#define VCPUS_PER_VM 64
#define VCPUS_AT_ONCE 16
#define PRUNE_SECONDS 10
#define IDLE_SECONDS 60
#define TOTAL_TRIES 3

/* Protects all data below, except as noted.  Innermost.  Interrupts are off. */
static DEFINE_RAW_SPINLOCK(table_lock);
struct hlist_head kf_table_by_kvm[1 << KF_TABLE_BITS];
static struct hlist_head by_pid[1 << KF_TABLE_BITS];
struct hlist_head kf_table_by_id[1 << KF_TABLE_BITS];
LIST_HEAD(kf_table_vms);
static struct hlist_head free_vms, free_vcpus;
static unsigned int reserved_vms, reserved_vcpus;
static unsigned int max_vms, vms, vcpus;
static bool crowded; /* a lookup has failed since prune() ran */
static u64 untracked;
static struct kf_gone gone_vms[KF_GONE];
static unsigned int gone_next;

static atomic_t dropped; /* counts that moved to kf_untracked; no lock */

struct kf_vm kf_untracked = {
	.lock = __RAW_SPIN_LOCK_UNLOCKED(kf_untracked.lock),
};

/* Set by sysfs; service_work runs it. */
static void (*notify_fn)(void);
static bool notify_due;

static void service(struct work_struct *work);
static DECLARE_WORK(service_work, service);

static void kick_fn(struct irq_work *work)
{
	schedule_work(&service_work);
}

/* Hooks hold raw locks, under which no work can be scheduled. */
static DEFINE_IRQ_WORK(kick, kick_fn);

static bool is_low(void)
{
	return READ_ONCE(reserved_vms) < RESERVE_VMS ||
	       READ_ONCE(reserved_vcpus) < RESERVE_VCPUS;
}

/* Context: process.  Return: false where there is no memory. */
static bool refill(void)
{
	struct kf_vm *vm = kzalloc(sizeof(*vm), GFP_KERNEL);
	struct kf_vcpu *vcpu = kzalloc(sizeof(*vcpu), GFP_KERNEL);
	bool done = vm && vcpu;

	raw_spin_lock_irq(&table_lock);
	if (vm && reserved_vms < RESERVE_VMS) {
		hlist_add_head(&vm->by_kvm, &free_vms);
		WRITE_ONCE(reserved_vms, reserved_vms + 1);
		vm = NULL;
	}
	if (vcpu && reserved_vcpus < RESERVE_VCPUS) {
		hlist_add_head(&vcpu->node, &free_vcpus);
		WRITE_ONCE(reserved_vcpus, reserved_vcpus + 1);
		vcpu = NULL;
	}
	raw_spin_unlock_irq(&table_lock);
	kfree(vm);
	kfree(vcpu);
	return done;
}

static void service(struct work_struct *work)
{
	void (*notify)(void);

	while (is_low() && refill())
		cond_resched();
	notify = READ_ONCE(notify_fn);
	if (xchg(&notify_due, false) && notify)
		notify();
}

void kf_table_notify(void)
{
	WRITE_ONCE(notify_due, true);
	irq_work_queue(&kick);
}

void kf_table_set_notify(void (*notify)(void))
{
	WRITE_ONCE(notify_fn, notify);
	if (!notify)
		flush_work(&service_work);
}

static struct kf_vm *find(const void *kvm, const struct pid *pid)
{
	struct kf_vm *vm;

	lockdep_assert_held(&table_lock);
	if (kvm) {
		hlist_for_each_entry(vm, &kf_table_by_kvm[hash_ptr(kvm, KF_TABLE_BITS)],
				     by_kvm)
			if (vm->kvm == kvm)
				return vm;
		return NULL;
	}
	hlist_for_each_entry(vm, &by_pid[hash_ptr(pid, KF_TABLE_BITS)], by_pid)
		if (vm->pid == pid && !vm->kvm)
			return vm;
	return NULL;
}

static void free_vcpu(struct rcu_head *rcu)
{
	kfree(container_of(rcu, struct kf_vcpu, rcu));
}

/*
 * Adds the counts of some vCPUs to those of the VM, and drops them.  Not of all at once:
 * interrupts are off.
 *
 * Return: whether there may be more.
 */
static bool drop_some_vcpus(struct kf_vm *vm)
{
	struct hlist_node *next;
	struct kf_vcpu *vcpu;
	unsigned int i = 0;

	raw_spin_lock_irq(&vm->lock);
	raw_spin_lock(&table_lock);
	hlist_for_each_entry_safe(vcpu, next, &vm->vcpus, sibling) {
		if (i++ == VCPUS_AT_ONCE)
			break;
		kf_counts_add(&vm->counts, &vcpu->counts);
		hlist_del_rcu(&vcpu->node);
		hlist_del_rcu(&vcpu->sibling);
		vcpus--;
		call_rcu(&vcpu->rcu, free_vcpu);
	}
	raw_spin_unlock(&table_lock);
	raw_spin_unlock_irq(&vm->lock);
	return i > VCPUS_AT_ONCE;
}

static void keep_counts(struct kf_vm *vm)
{
	unsigned long flags;

	lockdep_assert_held(&vm->lock);
	raw_spin_lock_irqsave(&kf_untracked.lock, flags);
	kf_counts_add(&kf_untracked.counts, &vm->counts);
	raw_spin_unlock_irqrestore(&kf_untracked.lock, flags);
	memset(&vm->counts, 0, sizeof(vm->counts));
	atomic_inc(&dropped);
}

static void keep_gone(const struct kf_vm *vm)
{
	struct kf_gone *gone = &gone_vms[gone_next % KF_GONE];

	lockdep_assert_held(&table_lock);
	if (!vm->last.found)
		return;
	gone->tgid = vm->tgid;
	strscpy(gone->comm, vm->comm, sizeof(gone->comm));
	strscpy(gone->name, vm->name, sizeof(gone->name));
	gone->last = vm->last;
	gone_next++;
}

/* No hook takes its lock any more; readers of the list may. */
static void free_vm(struct rcu_head *rcu)
{
	struct kf_vm *vm = container_of(rcu, struct kf_vm, rcu);

	while (drop_some_vcpus(vm))
		;
	raw_spin_lock_irq(&vm->lock);
	keep_counts(vm);
	raw_spin_lock(&table_lock);
	keep_gone(vm);
	list_del_rcu(&vm->all);
	raw_spin_unlock(&table_lock);
	raw_spin_unlock_irq(&vm->lock);
	put_pid(vm->pid);
	kfree_rcu(vm, rcu);
}

/* No hook finds the entry or its vCPUs by the address any more. */
static void forget_address(struct kf_vm *vm)
{
	lockdep_assert_held(&table_lock);
	hlist_del_rcu(&vm->by_kvm);
	WRITE_ONCE(vm->kvm, NULL);
}

static void drop_vm(struct kf_vm *vm)
{
	lockdep_assert_held(&table_lock);
	if (vm->kvm)
		forget_address(vm);
	hlist_del_rcu(&vm->by_pid);
	vm->gone = true;
	vms--;
	call_rcu(&vm->rcu, free_vm);
}

void kf_process_name(char *name, size_t size)
{
	strscpy(name, current->group_leader->comm, size);
	for (; *name; name++)
		if (!isgraph(*name) || !isascii(*name))
			*name = '_';
}

void kf_table_read_name(struct kf_vm *vm, const struct kvm *kvm)
{
	const unsigned char *from;
	struct dentry *dentry;
	unsigned int i;
	char c;

	vm->name[0] = 0;
	if (get_kernel_nofault(dentry, &kvm->debugfs_dentry) ||
	    IS_ERR_OR_NULL(dentry) ||
	    get_kernel_nofault(from, &dentry->d_name.name))
		return;
	for (i = 0; i < sizeof(vm->name); i++) {
		if (get_kernel_nofault(c, (const char *)&from[i]) ||
		    (c && c != '-' && !isdigit(c)))
			break;
		vm->name[i] = c;
		if (!c)
			return;
	}
	vm->name[0] = 0;
}

/* A process may have had many VMs, and no hook tells of the end of one. */
static void drop_oldest(struct pid *pid)
{
	struct kf_vm *vm, *oldest = NULL;

	lockdep_assert_held(&table_lock);
	hlist_for_each_entry(vm, &by_pid[hash_ptr(pid, KF_TABLE_BITS)], by_pid)
		if (vm->pid == pid &&
		    (!oldest || time_before(vm->used, oldest->used)))
			oldest = vm;
	if (oldest)
		drop_vm(oldest);
}

static struct kf_vm *take_vm(struct pid *pid)
{
	struct kf_vm *vm;

	lockdep_assert_held(&table_lock);
	if (vms >= max_vms)
		drop_oldest(pid);
	vm = hlist_entry_safe(free_vms.first, struct kf_vm, by_kvm);
	if (vms >= max_vms || !vm) {
		crowded = true;
		return NULL;
	}
	hlist_del(&vm->by_kvm);
	vms++;
	WRITE_ONCE(reserved_vms, reserved_vms - 1);
	irq_work_queue(&kick);
	return vm;
}

static struct kf_vm *add(const void *kvm, struct pid *pid)
{
	struct kf_vm *vm = take_vm(pid);

	lockdep_assert_held(&table_lock);
	if (!vm)
		return NULL;
	raw_spin_lock_init(&vm->lock);
	vm->kvm = kvm;
	vm->pid = get_pid(pid);
	vm->tgid = current->tgid;
	vm->started = current->group_leader->start_boottime;
	kf_process_name(vm->comm, sizeof(vm->comm));
	if (kvm) {
		kf_table_read_name(vm, kvm);
		hlist_add_head_rcu(&vm->by_kvm,
				   &kf_table_by_kvm[hash_ptr(kvm, KF_TABLE_BITS)]);
	}
	hlist_add_head_rcu(&vm->by_pid, &by_pid[hash_ptr(pid, KF_TABLE_BITS)]);
	list_add_tail_rcu(&vm->all, &kf_table_vms);
	return vm;
}

struct kf_vm *kf_table_get(const void *kvm, bool own)
{
	struct pid *pid = task_tgid(current);
	unsigned long flags;
	struct kf_vm *vm;

	raw_spin_lock_irqsave(&table_lock, flags);
	vm = find(kvm, pid);
	if (vm && own && vm->pid != pid) {
		/* The address was reused; the old process ends or has ended. */
		forget_address(vm);
		vm = NULL;
	}
	if (!vm && own)
		vm = add(kvm, pid);
	if (vm)
		WRITE_ONCE(vm->used, jiffies);
	else if (own)
		untracked++;
	raw_spin_unlock_irqrestore(&table_lock, flags);
	return vm;
}

struct kf_vm *kf_table_renew(struct kf_vm *vm, const void *kvm)
{
	unsigned long flags;

	raw_spin_lock_irqsave(&table_lock, flags);
	if (!vm->gone && vm->kvm == kvm) {
		drop_vm(vm);
		vm = add(kvm, task_tgid(current));
	}
	raw_spin_unlock_irqrestore(&table_lock, flags);
	return vm;
}

static noinline struct kf_vcpu *add_vcpu(struct kf_vm *vm, unsigned int id)
{
	struct kf_vcpu *vcpu;
	unsigned long flags;

	raw_spin_lock_irqsave(&table_lock, flags);
	vcpu = hlist_entry_safe(free_vcpus.first, struct kf_vcpu, node);
	if (!vcpu || vm->gone || vcpus >= max_vms * VCPUS_PER_VM) {
		untracked++;
		vcpu = NULL;
	} else {
		hlist_del(&vcpu->node);
		vcpus++;
		WRITE_ONCE(reserved_vcpus, reserved_vcpus - 1);
		vcpu->vm = vm;
		vcpu->id = id;
		hlist_add_head_rcu(&vcpu->node, kf_vcpu_bucket(vm->kvm, id));
		hlist_add_head_rcu(&vcpu->sibling, &vm->vcpus);
	}
	irq_work_queue(&kick);
	raw_spin_unlock_irqrestore(&table_lock, flags);
	return vcpu;
}

struct kf_vcpu *kf_table_get_vcpu(struct kf_vm *vm, unsigned int id)
{
	struct kf_vcpu *vcpu;

	hlist_for_each_entry_rcu(vcpu, kf_vcpu_bucket(READ_ONCE(vm->kvm), id), node)
		if (vcpu->vm == vm && vcpu->id == id)
			return vcpu;
	return add_vcpu(vm, id);
}

static bool is_any(const struct kf_vm *vm)
{
	return true;
}

static bool is_dead(const struct kf_vm *vm)
{
	return !pid_task(vm->pid, PIDTYPE_TGID);
}

static bool is_idle(const struct kf_vm *vm)
{
	return time_after(jiffies, READ_ONCE(vm->used) + IDLE_SECONDS * HZ);
}

static void drop_if(bool (*over)(const struct kf_vm *vm))
{
	struct kf_vm *vm;

	rcu_read_lock();
	list_for_each_entry_rcu(vm, &kf_table_vms, all) {
		raw_spin_lock_irq(&table_lock);
		if (!vm->gone && over(vm))
			drop_vm(vm);
		raw_spin_unlock_irq(&table_lock);
	}
	rcu_read_unlock();
}

static void prune(struct work_struct *work);
static DECLARE_DEFERRABLE_WORK(prune_work, prune);

static void prune(struct work_struct *work)
{
	bool full;

	raw_spin_lock_irq(&table_lock);
	full = crowded;
	crowded = false;
	raw_spin_unlock_irq(&table_lock);
	drop_if(is_dead);
	/* One running process may have all entries. */
	if (full)
		drop_if(is_idle);
	schedule_delayed_work(&prune_work, PRUNE_SECONDS * HZ);
}

int kf_table_init(unsigned int max)
{
	max_vms = max;
	while (is_low()) {
		if (!refill()) {
			kf_table_exit();
			return -ENOMEM;
		}
	}
	schedule_delayed_work(&prune_work, PRUNE_SECONDS * HZ);
	return 0;
}

static void free_reserve(void)
{
	struct hlist_node *next;
	struct kf_vcpu *vcpu;
	struct kf_vm *vm;

	hlist_for_each_entry_safe(vm, next, &free_vms, by_kvm)
		kfree(vm);
	hlist_for_each_entry_safe(vcpu, next, &free_vcpus, node)
		kfree(vcpu);
	INIT_HLIST_HEAD(&free_vms);
	INIT_HLIST_HEAD(&free_vcpus);
	reserved_vms = 0;
	reserved_vcpus = 0;
}

void kf_table_exit(void)
{
	cancel_delayed_work_sync(&prune_work);
	drop_if(is_any);
	irq_work_sync(&kick);
	cancel_work_sync(&service_work);
	/* Entries that are being freed. */
	rcu_barrier();
	free_reserve();
}

void kf_vm_add_clean(const struct kf_vm *vm, struct kf_counts *sum)
{
	const struct kf_vcpu *vcpu;

	hlist_for_each_entry_rcu(vcpu, &vm->vcpus, sibling)
		kf_counts_add(sum, &vcpu->counts);
}

/*
 * The lock is released between two VMs, so hooks count meanwhile.  The sum begins again
 * when an entry was dropped.  After TOTAL_TRIES a dropped VM may be counted twice or not
 * at all.
 */
void kf_table_add_counts(struct kf_counts *sum)
{
	unsigned int tries = 0;
	int before;
	struct kf_vm *vm;

	do {
		before = atomic_read(&dropped);
		raw_spin_lock_irq(&kf_untracked.lock);
		*sum = kf_untracked.counts;
		raw_spin_unlock_irq(&kf_untracked.lock);
		rcu_read_lock();
		list_for_each_entry_rcu(vm, &kf_table_vms, all) {
			raw_spin_lock_irq(&vm->lock);
			kf_counts_add(sum, &vm->counts);
			raw_spin_unlock_irq(&vm->lock);
			kf_vm_add_clean(vm, sum);
		}
		rcu_read_unlock();
	} while (before != atomic_read(&dropped) && ++tries < TOTAL_TRIES);
}

u64 kf_table_untracked(void)
{
	u64 count;

	raw_spin_lock_irq(&table_lock);
	count = untracked;
	raw_spin_unlock_irq(&table_lock);
	return count;
}

bool kf_table_gone(unsigned int i, struct kf_gone *gone)
{
	bool valid;

	raw_spin_lock_irq(&table_lock);
	valid = i < KF_GONE && i < gone_next;
	if (valid)
		*gone = gone_vms[(gone_next - 1 - i) % KF_GONE];
	raw_spin_unlock_irq(&table_lock);
	return valid;
}
