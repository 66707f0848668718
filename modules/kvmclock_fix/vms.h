/* SPDX-License-Identifier: GPL-2.0-only */
/* What is known of each VM on this host, and of each of its vCPUs. */
#ifndef KVMCLOCK_FIX_VMS_H
#define KVMCLOCK_FIX_VMS_H

#include <linux/compiler.h>
#include <linux/list.h>
#include <linux/lockdep.h>
#include <linux/spinlock.h>
#include <linux/types.h>

#include "audit.h"
#include "line.h"

struct kvm_vcpu;
struct pid;

/**
 * struct kf_vm - a VM; all under kf_vms_lock()
 * @by_kvm:  by @kvm, when that is not NULL; else in the list of free ones
 * @by_pid:  by @pid
 * @vcpus:   its vCPUs
 * @kvm:     tells VMs apart and is never followed; NULL where only the process
 *	     is known
 * @pid:     the process
 * @tgid:    its number, for people
 * @comm:    its name, for people
 * @used:    jiffies when we heard of it last
 * @counts:  what was found
 * @known:   @offset is
 * @offset:  kvmclock_offset as we saw it last or left it
 * @sleeps:  of the machine, when we were here last
 * @rebase_sleeps: of the machine, at the last rebase
 * @tsc:     of its vCPUs, as far as they were shown a clock
 * @scale:   of @tsc
 * @drift:   ns by which our corrections have moved the clock from the raw one
 *	     since somebody set it
 * @vcpu:    one whose @tsc it was, NULL before; it lives as long as the VM, so it may be
 *	     followed in the VM's own hooks
 * @shows:   @shown is what the VM is on
 * @away:    the host's clock has left the TSC; then @shown is what was shown last
 * @shown:   the line that its guests go by: as it was first shown, or as it was
 *	     when the clock was set; tsc is the host's, scaled by the VM's ratio
 * @settled: @page was found to go on with @shown, and neither has changed since
 * @page:    the line that its vCPUs are shown, of the master clock
 * @cycles:  master_cycle_now of @page
 */
struct kf_vm {
	struct hlist_node by_kvm;
	struct hlist_node by_pid;
	struct hlist_head vcpus;
	const void *kvm;
	struct pid *pid;
	pid_t tgid;
	char comm[16];
	unsigned long used;
	struct kf_counts counts;
	bool known;
	s64 offset;
	u32 sleeps;
	u32 rebase_sleeps;
	struct kf_tsc tsc;
	struct kf_scale scale;
	s64 drift;
	struct kvm_vcpu *vcpu;
	bool shows;
	bool away;
	struct kf_line shown;
	bool settled;
	struct kf_line page;
	u64 cycles;
};

/**
 * struct kf_vcpu - a vCPU; all under kf_vms_lock()
 * @node: by @vm and @id, or in the list of free ones
 * @sibling: in the list of @vm
 * @vm:	  whose it is
 * @id:	  its number, and its thread's besides where @vm may be several VMs
 * @seen: what it was shown last
 */
struct kf_vcpu {
	struct hlist_node node;
	struct hlist_node sibling;
	struct kf_vm *vm;
	unsigned int id;
	struct kf_seen seen;
};

/**
 * kf_vms_init() - make room
 * @max: VMs; four times as many vCPUs
 *
 * Nothing is allocated later: hooks run where one must not.
 *
 * Context: process, may sleep.
 * Return: 0 or -ENOMEM.
 */
int kf_vms_init(unsigned int max);

/* Forgets all of them.  Context: process, may sleep; no hook is attached. */
void kf_vms_exit(void);

/* Covers all that vms.c has; taken by the functions below. */
extern raw_spinlock_t kf_vms_spinlock;

/**
 * kf_vms_lock() - take the lock of all of them, a raw spinlock
 *
 * Nests in the tsc_write_lock of a VM and in its pvclock_sc.
 *
 * Return: flags for kf_vms_unlock().
 */
static inline unsigned long kf_vms_lock(void)
	__acquires(&kf_vms_spinlock)
{
	unsigned long flags;

	raw_spin_lock_irqsave(&kf_vms_spinlock, flags);
	return flags;
}

static inline void kf_vms_unlock(unsigned long flags)
	__releases(&kf_vms_spinlock)
{
	raw_spin_unlock_irqrestore(&kf_vms_spinlock, flags);
}

/* The same where interrupts are off. */
static inline void kf_vms_lock_inner(void)
	__acquires(&kf_vms_spinlock)
{
	lockdep_assert_irqs_disabled();
	raw_spin_lock(&kf_vms_spinlock);
}

static inline void kf_vms_unlock_inner(void)
	__releases(&kf_vms_spinlock)
{
	raw_spin_unlock(&kf_vms_spinlock);
}

/**
 * kf_vms_get() - the entry of a VM
 * @kvm:  the VM, or NULL for the one of the current process
 * @mine: the current process is the VM's: make an entry where there is none
 *
 * Context: any, under kf_vms_lock().
 * Return: the entry, NULL when there is none or no room for one.
 */
struct kf_vm *kf_vms_get(const void *kvm, bool mine);

/* The name of this process, without what would break a line of text. */
void kf_vms_name(char *name, size_t size);

/**
 * kf_vms_vcpu() - the entry of a vCPU
 * @vm: whose
 * @id: its number
 *
 * Context: any, under kf_vms_lock().
 * Return: the entry, NULL when there is no room for one.
 */
struct kf_vcpu *kf_vms_vcpu(struct kf_vm *vm, unsigned int id);

/* Nothing is known of the line that the VM is on.  Under kf_vms_lock(). */
static inline void kf_vm_off_line(struct kf_vm *vm)
{
	vm->shows = false;
	vm->away = false;
	vm->settled = false;
}

/* The VM is on @line from now on.  Under kf_vms_lock(). */
static inline void kf_vm_on_line(struct kf_vm *vm, const struct kf_line *line)
{
	if (line != &vm->shown)
		vm->shown = *line;
	vm->shows = true;
	vm->away = false;
	vm->settled = false;
}

/* @page goes on with the line that the VM is on.  Under kf_vms_lock(). */
static inline void kf_vm_settle(struct kf_vm *vm, const struct kf_line *page,
				u64 cycles)
{
	vm->page = *page;
	vm->cycles = cycles;
	vm->settled = true;
}

/* The part of kf_vm_notice() for a clock that was changed. */
void kf_vm_changed(struct kf_vm *vm, s64 offset, u32 sleeps);

/**
 * kf_vm_notice() - has somebody else changed the VM's clock since we were here?
 * @vm:	    the VM
 * @offset: its kvmclock_offset now
 * @sleeps: of the machine, now
 *
 * Then nothing has to be continued.  Context: any, under kf_vms_lock().
 */
static inline void kf_vm_notice(struct kf_vm *vm, s64 offset, u32 sleeps)
{
	if (unlikely(!vm->known || vm->offset != offset ||
		     vm->sleeps != sleeps))
		kf_vm_changed(vm, offset, sleeps);
}

/**
 * kf_vm_begin() - the VM is a new one at a known address
 * @vm: its entry
 *
 * Nothing that was known of the old one counts.  Context: any, under kf_vms_lock().
 */
void kf_vm_begin(struct kf_vm *vm);

/* Counts of VMs that have no entry, or have none any more.  Under kf_vms_lock(). */
extern struct kf_counts kf_rest;

/**
 * kf_vms_totals() - counts of all VMs, those without an entry too
 * @sum: where to
 *
 * Context: process.
 */
void kf_vms_totals(struct kf_counts *sum);

/* Writes a line for each VM, one page at most.  Context: process.  Return: length. */
ssize_t kf_vms_show(char *buf);

/* Times that a hook found no entry for its VM, and no room for one. */
u64 kf_vms_untracked(void);

#endif /* KVMCLOCK_FIX_VMS_H */
