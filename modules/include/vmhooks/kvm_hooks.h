/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The clock hooks of KVM, as mm_hooks gives them to one client.
 *
 * On a stock kernel there is KVM's own tracepoint, which tells what KVM has
 * published.  With the companion patch there are three more, which let it be changed.
 */
#ifndef VMHOOKS_KVM_HOOKS_H
#define VMHOOKS_KVM_HOOKS_H

#include <linux/bits.h>
#include <linux/kconfig.h>
#include <linux/printk.h>
#include <linux/types.h>

struct kvm;
struct kvm_vcpu;
struct pvclock_vcpu_time_info;

/* The hooks: what a client wants, and what is attached. */
#define MMH_KVM_UPDATE  BIT(0) /* stock: a clock page was written */
#define MMH_KVM_REBASE  BIT(1) /* patch: masterclock update */
#define MMH_KVM_PUBLISH BIT(2) /* patch: a clock is about to be published */
#define MMH_KVM_BASE    BIT(3) /* patch: the base of a clock's offset */
#define MMH_KVM_PATCH   (MMH_KVM_REBASE | MMH_KVM_PUBLISH | \
			      MMH_KVM_BASE)

/**
 * struct mmh_kvm_client - a client that audits, or changes, guests' clocks
 * @wanted: MMH_KVM_* bits; the functions of the others may be NULL
 * @coming: KVM is there, nothing is attached yet.  Return 0, or a negative errno
 *	to have nothing attached.  Process context, may sleep.
 * @gone: KVM goes or the client is taken back, after everything is detached and
 *	nothing of it runs any more.  Called only after a coming() that returned
 *	0.  Process context, may sleep.
 * @update: a page was written, or is being written when its version is odd.  In
 *	the vCPU's thread, without locks; preemption may be off: must not sleep.
 * @rebase: masterclock update of @kvm; @master, @ns and @cycles are the old values.
 *	May change kvmclock_offset and master_cycle_now.  The VM's tsc_write_lock,
 *	a raw spinlock, is held and interrupts are off; in any thread, not only
 *	the VM's.
 * @publish: @clock is not written yet.  May change its system_time and its
 *	tsc_timestamp, nothing else.  In the vCPU's thread, without locks; must
 *	not sleep.
 * @base: what the offset of a clock is based on.  May change @ns.  In any context
 *	but NMI, with interrupts on or off, possibly under tsc_write_lock.
 *
 * The last four are the probes of KVM's tracepoints, which KVM calls without a detour.
 * Their first argument is the client.
 */
struct mmh_kvm_client {
	unsigned int wanted;
	int (*coming)(struct mmh_kvm_client *client);
	void (*gone)(struct mmh_kvm_client *client);
	void (*update)(void *data, unsigned int vcpu_id,
		       struct pvclock_vcpu_time_info *page);
	void (*rebase)(void *data, struct kvm *kvm, bool master, s64 ns,
		       u64 cycles);
	void (*publish)(void *data, struct kvm_vcpu *vcpu,
			struct pvclock_vcpu_time_info *clock);
	void (*base)(void *data, s64 *ns);
};

#ifdef CONFIG_TRACEPOINTS
/**
 * mmh_kvm_register() - follow KVM's clocks, now and whenever KVM is loaded
 * @client: stays valid until mmh_kvm_unregister()
 *
 * Without KVM nothing happens until it is loaded.  KVM is not pinned: when it is
 * unloaded everything is detached first.
 *
 * Context: process, may sleep.
 * Return: 0, -EBUSY while there is another client, or another negative errno.
 */
int mmh_kvm_register(struct mmh_kvm_client *client);

/**
 * mmh_kvm_unregister() - stop following
 * @client: what was registered
 *
 * After the return none of its functions runs or is called any more.
 *
 * Context: process, may sleep.
 */
void mmh_kvm_unregister(struct mmh_kvm_client *client);

/**
 * mmh_kvm_attached() - which hooks the client has at this moment
 *
 * Return: MMH_KVM_* bits, 0 while KVM is not loaded.
 */
unsigned int mmh_kvm_attached(void);
#else
static inline int mmh_kvm_register(struct mmh_kvm_client *client)
{
	if (IS_ENABLED(CONFIG_KVM))
		pr_warn("guests' clocks are not seen: this kernel has no tracepoints (CONFIG_TRACEPOINTS)\n");
	return 0;
}

static inline void mmh_kvm_unregister(struct mmh_kvm_client *client)
{
}

static inline unsigned int mmh_kvm_attached(void)
{
	return 0;
}
#endif

/* With these hooks, of mmh_kvm_attached(), clocks can be corrected. */
static inline bool mmh_kvm_corrects(unsigned int attached)
{
	return (attached & MMH_KVM_PATCH) == MMH_KVM_PATCH;
}

#endif /* VMHOOKS_KVM_HOOKS_H */
