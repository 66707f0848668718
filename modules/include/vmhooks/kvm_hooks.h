/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The clock hooks of KVM, as mm_hooks gives them to one client.
 *
 * On a stock kernel there is KVM's own tracepoint, which tells what a guest was
 * shown.  With the companion patch there are three more, which let it be changed.
 */
#ifndef VMHOOKS_KVM_HOOKS_H
#define VMHOOKS_KVM_HOOKS_H

#include <linux/bits.h>
#include <linux/types.h>

struct kvm;
struct kvm_vcpu;
struct pvclock_vcpu_time_info;

/* The hooks: what a client wants, and what is attached. */
#define MM_HOOKS_KVM_UPDATE  BIT(0) /* stock: a clock page was written */
#define MM_HOOKS_KVM_REBASE  BIT(1) /* patch: the master clock was taken anew */
#define MM_HOOKS_KVM_PUBLISH BIT(2) /* patch: a clock is about to be shown */
#define MM_HOOKS_KVM_BASE    BIT(3) /* patch: the base of a clock's offset */
#define MM_HOOKS_KVM_PATCH   (MM_HOOKS_KVM_REBASE | MM_HOOKS_KVM_PUBLISH | \
			      MM_HOOKS_KVM_BASE)

/**
 * struct mm_hooks_kvm_client - who wants to see, or change, guests' clocks
 * @wanted: MM_HOOKS_KVM_* bits; the functions of the others may be NULL
 * @coming: KVM is there, nothing is attached yet.  Return 0, or a negative errno
 *	to have nothing attached.  Process context, may sleep.
 * @gone: KVM goes or the client is taken back, after everything is detached and
 *	nothing of it runs any more.  Called only after a coming() that returned
 *	0.  Process context, may sleep.
 * @update: a page was written, or is being written when its version is odd.  In
 *	the vCPU's thread, without locks; preemption may be off: must not sleep.
 * @rebase: the master clock of @kvm was taken anew; @master, @ns and @cycles are
 *	what it was before.  May change kvmclock_offset and master_cycle_now.  The
 *	VM's tsc_write_lock, a raw spinlock, is held and interrupts are off; in
 *	any thread, not only the VM's.
 * @publish: before anybody sees @clock.  May change its system_time and its
 *	tsc_timestamp, nothing else.  In the vCPU's thread, without locks; must
 *	not sleep.
 * @base: what the offset of a clock is based on.  May change @ns.  In any context
 *	but NMI, with interrupts on or off, possibly under tsc_write_lock.
 */
struct mm_hooks_kvm_client {
	unsigned int wanted;
	int (*coming)(struct mm_hooks_kvm_client *client);
	void (*gone)(struct mm_hooks_kvm_client *client);
	void (*update)(struct mm_hooks_kvm_client *client, unsigned int vcpu_id,
		       struct pvclock_vcpu_time_info *page);
	void (*rebase)(struct mm_hooks_kvm_client *client, struct kvm *kvm,
		       bool master, s64 ns, u64 cycles);
	void (*publish)(struct mm_hooks_kvm_client *client,
			struct kvm_vcpu *vcpu,
			struct pvclock_vcpu_time_info *clock);
	void (*base)(struct mm_hooks_kvm_client *client, s64 *ns);
};

/**
 * mm_hooks_kvm_register() - follow KVM's clocks, now and whenever KVM is loaded
 * @client: stays valid until mm_hooks_kvm_unregister()
 *
 * Without KVM nothing happens until it is loaded.  KVM is not pinned: when it is
 * unloaded everything is detached first.
 *
 * Context: process, may sleep.
 * Return: 0, -EBUSY while there is another client, or another negative errno.
 */
int mm_hooks_kvm_register(struct mm_hooks_kvm_client *client);

/**
 * mm_hooks_kvm_unregister() - stop following
 * @client: what was registered
 *
 * After the return none of its functions runs or is called any more.
 *
 * Context: process, may sleep.
 */
void mm_hooks_kvm_unregister(struct mm_hooks_kvm_client *client);

/**
 * mm_hooks_kvm_attached() - which hooks the client has at this moment
 *
 * Return: MM_HOOKS_KVM_* bits, 0 while KVM is not loaded.
 */
unsigned int mm_hooks_kvm_attached(void);

/* With these hooks, of mm_hooks_kvm_attached(), clocks can be corrected. */
static inline bool mm_hooks_kvm_corrects(unsigned int attached)
{
	return (attached & MM_HOOKS_KVM_PATCH) == MM_HOOKS_KVM_PATCH;
}

#endif /* VMHOOKS_KVM_HOOKS_H */
