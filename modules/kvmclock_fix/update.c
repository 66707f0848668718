// SPDX-License-Identifier: GPL-2.0-only
/*
 * KVM has published a pvclock page: the audit on the host, on every kernel.
 *
 * Where kvm_pvclock_update comes before KVM writes the page (5.10), a negative value is also
 * raised here.  KVM_SET_CLOCK of 5.10 computes the offset from another clock than the one
 * that KVM publishes, so a clock that is set to 0 becomes negative.
 *
 * The log and the tracepoint come after the VM's lock is released.
 */
#include "update.h"

#include <linux/atomic.h>
#include <linux/kvm_host.h>
#include <linux/minmax.h>
#include <linux/percpu.h>
#include <linux/preempt.h>
#include <linux/printk.h>
#include <linux/ratelimit.h>
#include <linux/sched.h>

#include <asm/pvclock-abi.h>

#include "audit.h"
#include "kvm_vcpu.h"
#include "kvmclock_fix_trace.h"
#include "layout.h"
#include "params.h"
#include "snapshot.h"
#include "table.h"
#include "vm.h"

#define PID_BITS 22 /* pid_max is 4194304 at most */

#ifdef VMHOOKS_HAVE_KVM_VCPU_HV_CLOCK
static struct kvm_vcpu *find_vcpu(struct pvclock_vcpu_time_info *clock)
{
	return vmhooks_pvclock_vcpu(clock);
}
#else
/*
 * The last page of each processor.  The update follows in the same thread, and mostly on
 * the same processor.  Where it does not, the vCPU is unknown.
 */
struct stored {
	const struct task_struct *task;
	u64 tsc;
	u64 ns;
	struct kvm_vcpu *vcpu;
};

static DEFINE_PER_CPU(struct stored, stored);

void kf_update_set_vcpu(struct kvm_vcpu *vcpu,
			const struct pvclock_vcpu_time_info *clock)
{
	struct stored *last = get_cpu_ptr(&stored);

	*last = (struct stored){ .task = current,
				 .tsc = clock->tsc_timestamp,
				 .ns = clock->system_time,
				 .vcpu = vcpu };
	put_cpu_ptr(&stored);
}

static struct kvm_vcpu *find_vcpu(struct pvclock_vcpu_time_info *clock)
{
	const struct stored *last = get_cpu_ptr(&stored);
	struct kvm_vcpu *vcpu = NULL;

	if (last->task == current && last->tsc == clock->tsc_timestamp &&
	    last->ns == clock->system_time)
		vcpu = last->vcpu;
	put_cpu_ptr(&stored);
	return vcpu;
}
#endif

/* Return: the vCPU that a page belongs to; NULL where that is unknown. */
static __always_inline struct kvm_vcpu *
page_vcpu(unsigned int vcpu_id, struct pvclock_vcpu_time_info *clock)
{
	struct kvm_vcpu *vcpu = find_vcpu(clock);

	return vcpu && kf_is_layout_valid_update(vcpu, vcpu_id, clock) ? vcpu :
									 NULL;
}

void kf_update_request_others(struct kvm_vcpu *vcpu)
{
	struct kvm_vcpu *other;
	unsigned long i;

	kvm_for_each_vcpu(i, other, vcpu->kvm)
		if (other != vcpu)
			kvm_make_request(KVM_REQ_CLOCK_UPDATE, other);
}

/* The offset that a page was computed with; a guess without the master clock. */
static s64 page_offset(const struct kvm_arch *ka,
		       const struct pvclock_vcpu_time_info *clock)
{
	if (clock->flags & PVCLOCK_TSC_STABLE_BIT)
		return clock->system_time - ka->master_kernel_ns;
	return READ_ONCE(ka->kvmclock_offset);
}

/*
 * KVM_SET_CLOCK takes no lock of this module, and another vCPU may raise the offset at the
 * same time.  So it is changed by cmpxchg, and only if it is still the page's.
 *
 * Return: whether the offset was raised.
 */
static bool raise_offset(struct kvm *kvm, s64 from, s64 add)
{
	struct kf_vm *vm = kf_vm_get(kvm, true) ?: &kf_untracked;
	unsigned long flags;
	bool raised;

	raw_spin_lock_irqsave(&vm->lock, flags);
	raised = cmpxchg64(&kvm->arch.kvmclock_offset, from, from + add) == from;
	if (raised) {
		vm->offset = from + add;
		vm->drift += add;
	}
	raw_spin_unlock_irqrestore(&vm->lock, flags);
	return raised;
}

/*
 * Raises a negative page that KVM has not written yet, and the offset of its VM.
 *
 * Return: whether the page was raised.
 */
static noinline bool raise_negative(struct kvm_vcpu *vcpu,
				    struct pvclock_vcpu_time_info *clock)
{
	s64 ns = clock->system_time;
	s64 from, raised;
	bool first;

	if (!(clock->version & 1) || !vcpu ||
	    READ_ONCE(kf_layout) != KF_LAYOUT_MATCH || !vmhooks_bounded(&kf_fix))
		return false;
	from = page_offset(&vcpu->kvm->arch, clock);
	first = raise_offset(vcpu->kvm, from, -ns);
	raised = READ_ONCE(vcpu->kvm->arch.kvmclock_offset) - from;
	clock->system_time = max_t(s64, ns + raised, 0);
	if (first)
		kf_update_request_others(vcpu);
	trace_kf_correct(current->tgid, "page",
			 clock->system_time - ns, clock->system_time,
			 clock->tsc_timestamp);
	return true;
}

static void warn_bad_page(unsigned int vcpu_id, const struct kf_page *page,
			  unsigned int found, s64 step)
{
	static DEFINE_RATELIMIT_STATE(limit, 10 * HZ, 5);
	char text[KF_FINDING_LENGTH], name[TASK_COMM_LEN];

	if (!__ratelimit(&limit))
		return;
	kf_page_describe(text, sizeof(text), page, found, step);
	kf_process_name(name, sizeof(name));
	pr_warn("%s (pid %d), vCPU %u: %s\n", name, current->tgid, vcpu_id,
		text);
}

/*
 * VMs of one process differ in their threads only, and a thread may run several vCPUs.
 */
static unsigned int id_in_process(unsigned int vcpu_id)
{
	return (vcpu_id << PID_BITS) + current->pid;
}

/* Under the VM's lock.  Return: the vCPU's entry; NULL if there was no free one. */
static struct kf_vcpu *get_vcpu(struct kf_vm *vm, const struct kvm_vcpu *kvm_vcpu,
				unsigned int vcpu_id)
{
	if (vm == &kf_untracked)
		return NULL;
	if (!kvm_vcpu)
		return kf_table_get_vcpu(vm, id_in_process(vcpu_id));
	/* Once the VM was published a page, its hooks keep the offset (publish.c). */
	if (!READ_ONCE(vm->vcpu))
		kf_vm_update_offset(vm, READ_ONCE(kvm_vcpu->kvm->arch.kvmclock_offset));
	return kf_table_get_vcpu(vm, vcpu_id);
}

static __always_inline struct kf_epoch epoch_of(const struct kf_vm *vm,
						const struct kvm_vcpu *kvm_vcpu)
{
	return (struct kf_epoch){ .sets = READ_ONCE(vm->counts.sets),
				  .tsc_offset = kvm_vcpu ? kvm_vcpu->arch.l1_tsc_offset : 0,
				  .suspends = READ_ONCE(kf_suspends) };
}

/*
 * Audits and counts a page of a vCPU that has an entry.  Takes no lock.
 *
 * Return: false where the page is left to the slow path, then nothing was changed.
 */
static __always_inline bool
audit_fastpath(const struct kvm_vcpu *kvm_vcpu, unsigned int vcpu_id,
	       const struct pvclock_vcpu_time_info *clock)
{
	const struct kvm *kvm = kvm_vcpu->kvm;
	struct kf_vcpu *vcpu = kf_vcpu_find(kvm, vcpu_id);
	struct kf_epoch epoch;
	struct kf_page page;

	if (unlikely(!vcpu || trace_kf_page_enabled()))
		return false;
	/* Either the clock was set, or a hook of another vCPU is changing the offset. */
	if (unlikely(smp_load_acquire(&vcpu->vm->offset) !=
		     READ_ONCE(kvm->arch.kvmclock_offset)))
		return false;
	epoch = epoch_of(vcpu->vm, kvm_vcpu);
	kf_page_copy(&page, clock);
	return kf_audit_page_fast(&vcpu->published, &page, &epoch, &vcpu->counts);
}

/*
 * Audits any page.  @vcpu is NULL where it is unknown.  In an RCU read section.
 *
 * Return: KF_* bits.
 */
static noinline unsigned int
audit_slowpath(struct kvm_vcpu *kvm_vcpu, unsigned int vcpu_id,
	       struct pvclock_vcpu_time_info *clock, struct kf_page *page, s64 *step)
{
	struct kf_vm *vm = kf_vm_get(kvm_vcpu ? kvm_vcpu->kvm : NULL, true) ?:
			   &kf_untracked;
	struct kf_published none = { };
	struct kf_epoch epoch;
	struct kf_vcpu *vcpu;
	unsigned long flags;
	unsigned int found;
	bool raised;

	raised = (s64)clock->system_time < 0 && raise_negative(kvm_vcpu, clock);
	kf_page_copy(page, clock);
	raw_spin_lock_irqsave(&vm->lock, flags);
	vcpu = get_vcpu(vm, kvm_vcpu, vcpu_id);
	if (raised)
		vm->counts.corrected++;
	epoch = epoch_of(vm, kvm_vcpu);
	found = kf_audit_page(vcpu ? &vcpu->published : &none, page, &epoch, step);
	kf_counts_add_page(&vm->counts, found, *step);
	if (found & KF_BAD) {
		kf_vm_keep_last(vm, found & KF_BAD, *step);
		kf_table_notify();
	}
	raw_spin_unlock_irqrestore(&vm->lock, flags);
	return found;
}

static noinline void audit(struct kvm_vcpu *kvm_vcpu, unsigned int vcpu_id,
			   struct pvclock_vcpu_time_info *clock)
{
	struct kf_page page;
	unsigned int found;
	s64 step;

	preempt_disable();
	found = audit_slowpath(kvm_vcpu, vcpu_id, clock, &page, &step);
	preempt_enable();
	trace_kf_page(current->tgid, vcpu_id, &page, found, step);
	if (unlikely(found & KF_BAD))
		warn_bad_page(vcpu_id, &page, found, step);
}

void kf_on_update(void *data, unsigned int vcpu_id,
		  struct pvclock_vcpu_time_info *clock)
{
	struct kvm_vcpu *kvm_vcpu = page_vcpu(vcpu_id, clock);
	bool fast = false;

	if (likely(kvm_vcpu)) {
		/* An RCU read section, for fewer instructions than rcu_read_lock(). */
		preempt_disable();
		fast = audit_fastpath(kvm_vcpu, vcpu_id, clock);
		preempt_enable();
	}
	if (unlikely(!fast))
		audit(kvm_vcpu, vcpu_id, clock);
}
