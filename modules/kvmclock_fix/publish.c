// SPDX-License-Identifier: GPL-2.0-only
/*
 * A pvclock page is corrected before KVM writes it.
 *
 * With the master clock a masterclock update has corrected the offset (rebase.c), and the
 * page is checked only.  Without it KVM reads the TSC, the raw clock and the offset one
 * after the other for each page, so the page is computed here.
 *
 * A page of the master clock that was checked before is compared only, without a lock.  For
 * any other page the lock order is: tsc_write_lock, pvclock_sc, the lock of the VM's entry.
 * kvmclock_offset is written under the first two, and all but publish_loose() take the third.
 */
#include "publish.h"

#include <linux/kvm_host.h>
#include <linux/preempt.h>

#include "kvmclock_fix_trace.h"
#include "layout.h"
#include "line.h"
#include "params.h"
#include "snapshot.h"
#include "update.h"
#include "vm.h"

/* Takes everything that protects a VM's clock. */
static inline void lock_clock(struct kvm_arch *ka, struct kf_vm *vm)
	__acquires(&ka->tsc_write_lock) __acquires(&vm->lock)
{
	lockdep_assert_irqs_enabled();
	raw_spin_lock_irq(&ka->tsc_write_lock);
	write_seqcount_begin(&ka->pvclock_sc);
	raw_spin_lock(&vm->lock);
}

static inline void unlock_clock(struct kvm_arch *ka, struct kf_vm *vm)
	__releases(&vm->lock) __releases(&ka->tsc_write_lock)
{
	raw_spin_unlock(&vm->lock);
	write_seqcount_end(&ka->pvclock_sc);
	raw_spin_unlock_irq(&ka->tsc_write_lock);
}

static struct kf_rate page_rate(const struct pvclock_vcpu_time_info *clock)
{
	return (struct kf_rate){ .mul = clock->tsc_to_system_mul,
				 .shift = clock->tsc_shift };
}

/* The line of a page; its tsc is the host's, scaled. */
static struct kf_line page_line(const struct kvm_vcpu *vcpu,
				const struct pvclock_vcpu_time_info *clock)
{
	return (struct kf_line){ .tsc = clock->tsc_timestamp -
					vcpu->arch.l1_tsc_offset,
				 .ns = clock->system_time,
				 .rate = page_rate(clock) };
}

static void write_page(const struct kvm_vcpu *vcpu,
		       struct pvclock_vcpu_time_info *clock,
		       const struct kf_line *line)
{
	clock->tsc_timestamp = line->tsc + vcpu->arch.l1_tsc_offset;
	clock->system_time = line->ns;
}

/*
 * The VM's clock at this moment, as KVM computes it without the master clock.  The values
 * in the page are not used: KVM has read the offset before the locks were taken.
 *
 * Return: false where the host's clocksource is not the TSC.
 */
static __always_inline bool read_host_clock(const struct kvm *kvm,
					    const struct kf_vm *vm,
					    struct kf_line *now, u64 *cycles)
{
	s64 base;

	if (!kf_snapshot_base(cycles, &base))
		return false;
	now->tsc = kf_scale_cycles(&vm->rates.scale, *cycles);
	now->ns = base + kvm->arch.kvmclock_offset;
	return true;
}

/*
 * KVM_GET_CLOCK computes with the host's rate, and the page of a guest with a scaled TSC
 * with KVM's rate of that, in whole kHz.  A masterclock update lets both start again.  KVM
 * publishes every five minutes at least.
 */
static noinline void request_if_apart(struct kf_vm *vm, struct kvm_vcpu *vcpu)
{
	unsigned long flags;
	bool apart;

	raw_spin_lock_irqsave(&vm->lock, flags);
	apart = vm->line.cached &&
		kf_rates_is_apart(&vm->rates, rdtsc() - vm->line.cycles);
	raw_spin_unlock_irqrestore(&vm->lock, flags);
	if (apart)
		kvm_make_request(KVM_REQ_MASTERCLOCK_UPDATE, vcpu);
}

/*
 * Most pages: the master clock, and the page that was checked before.  All its fields are
 * the same, so it was computed from the same parameters.  KVM may be changing them at this
 * moment, and publishes again after that.
 */
static __always_inline bool is_settled(struct kf_vm *vm, struct kvm_vcpu *vcpu,
				       const struct pvclock_vcpu_time_info *clock)
{
	const struct kf_line line = page_line(vcpu, clock);

	if (unlikely(!kf_vm_line_is_settled(&vm->line, &line)))
		return false;
	if (unlikely(READ_ONCE(vm->rates.scale.bits)))
		request_if_apart(vm, vcpu);
	return true;
}

/*
 * Under tsc_write_lock.  @base was read at @cycles, maybe before another vCPU changed the
 * offset: the VM's line is the same for both.
 *
 * Return: false where the page is left to publish().
 */
static __always_inline bool extrapolate_unchanged(struct kf_vm *vm,
						  struct kvm_vcpu *vcpu,
						  u64 cycles, s64 base)
{
	struct kvm *kvm = vcpu->kvm;
	const s64 offset = kvm->arch.kvmclock_offset;
	/* The rate follows from what has to be unchanged. */
	const struct kf_line now = {
		.tsc = kf_scale_cycles(&vm->rates.scale, cycles),
		.ns = base + offset,
		.rate = vm->line.line.rate,
	};
	struct kf_add add;

	if (unlikely(kvm->arch.use_master_clock || trace_kf_correct_enabled() ||
		     !kf_vm_is_unchanged(vm, vcpu, offset) ||
		     !kf_vm_line_extrapolate(&vm->line, &vm->rates, &now, cycles, &add)))
		return false;
	kf_vm_add_ns(vm, kvm, add);
	return true;
}

/*
 * Most pages without the master clock: only time has passed.
 *
 * Return: false where the page is left to publish().
 */
static noinline bool publish_loose(struct kf_vm *vm, struct kvm_vcpu *vcpu,
				   struct pvclock_vcpu_time_info *clock)
{
	struct kvm_arch *ka = &vcpu->kvm->arch;
	u64 cycles;
	bool done;
	s64 base;

	if (unlikely(!kf_snapshot_base(&cycles, &base)))
		return false;
	raw_spin_lock_irq(&ka->tsc_write_lock);
	write_seqcount_begin(&ka->pvclock_sc);
	done = extrapolate_unchanged(vm, vcpu, cycles, base);
	if (likely(done)) {
		WRITE_ONCE(vm->vcpu, vcpu);
		write_page(vcpu, clock, &vm->line.line);
	}
	write_seqcount_end(&ka->pvclock_sc);
	raw_spin_unlock_irq(&ka->tsc_write_lock);
	return done;
}

/*
 * Without the master clock the VM stays on its clock line, or follows one that begins now.
 * Where the host's clocksource is not the TSC, KVM's own line is tracked.  Under all
 * three locks.
 */
static void extrapolate_without_masterclock(struct kvm *kvm, struct kf_vm *vm,
					    struct kf_line *line)
{
	struct kf_line now = { .rate = line->rate };
	struct kf_add add, begun;
	u64 cycles;

	if (!read_host_clock(kvm, vm, &now, &cycles)) {
		add = kf_vm_line_track_host(&vm->line, &vm->rates, line, rdtsc());
		kf_vm_add_ns(vm, kvm, add);
		return;
	}
	if (!kf_vm_line_extrapolate(&vm->line, &vm->rates, &now, cycles, &add)) {
		begun = kf_vm_line_begin(&vm->line, &now, cycles);
		add.ns = begun.ns;
		add.refused = add.refused ?: begun.refused;
	}
	kf_vm_add_ns(vm, kvm, add);
	vm->line.cached = false;
	*line = vm->line.line;
}

/*
 * The line of the master clock under the locks, because KVM has read its parts one after
 * the other.
 *
 * Return: whether the offset was changed.
 */
static bool publish_masterclock(struct kvm *kvm, struct kf_vm *vm,
				struct kf_line *line)
{
	struct kvm_arch *ka = &kvm->arch;

	line->tsc = kf_scale_cycles(&vm->rates.scale, ka->master_cycle_now);
	line->ns = ka->master_kernel_ns + ka->kvmclock_offset;
	return kf_vm_add_ns(vm, kvm,
			    kf_vm_line_publish(&vm->line, &vm->rates, line,
					       ka->master_cycle_now));
}

/*
 * Computes the line to publish instead of @line.  For a VM without an entry or with unknown
 * TSC parameters a negative value is raised in the page only.  Under all three locks.
 *
 * Return: whether the offset was changed while other vCPUs have pages.
 */
static bool correct_line(struct kvm_vcpu *vcpu, struct kf_vm *vm, bool stable,
			 struct kf_line *line)
{
	struct kvm *kvm = vcpu->kvm;

	if (vm) {
		kf_vm_update_offset(vm, kvm->arch.kvmclock_offset);
		kf_vm_update_tsc(vm, vcpu);
	}
	if (!vmhooks_bounded(&kf_fix)) {
		if (vm)
			kf_vm_invalidate_line(vm);
		return false;
	}
	if (vm && vm->rates.scale.ratio && stable == kvm->arch.use_master_clock) {
		if (stable)
			return publish_masterclock(kvm, vm, line);
		extrapolate_without_masterclock(kvm, vm, line);
		return false;
	}
	line->ns = kf_rebase_ns(NULL, line);
	return false;
}

/* Under all three locks.  Return: as correct_line() does. */
static bool publish_slowpath(struct kf_vm *vm, struct kvm_vcpu *vcpu,
			     struct pvclock_vcpu_time_info *clock)
{
	struct kf_line line = page_line(vcpu, clock);
	bool moved = correct_line(vcpu, vm,
				  clock->flags & PVCLOCK_TSC_STABLE_BIT, &line);

	write_page(vcpu, clock, &line);
	return moved;
}

/* @old is the page before publish_slowpath().  No locks. */
static noinline void trace_slowpath(const struct kvm_vcpu *vcpu,
				    const struct kf_line *old,
				    const struct pvclock_vcpu_time_info *clock)
{
	const struct kf_line line = page_line(vcpu, clock);
	s64 add = kf_line_ns(&line, old->tsc) - old->ns;

	if (add)
		trace_kf_correct(current->tgid, "publish", add,
				 line.ns, line.tsc);
}

/* Corrects any page.  @vm may be NULL. */
static noinline void publish(struct kf_vm *vm, struct kvm_vcpu *vcpu,
			     struct pvclock_vcpu_time_info *clock)
{
	struct kf_vm *locked = vm ?: &kf_untracked;
	struct kvm_arch *ka = &vcpu->kvm->arch;
	const struct kf_line old = page_line(vcpu, clock);
	bool moved;

	lock_clock(ka, locked);
	moved = publish_slowpath(vm, vcpu, clock);
	unlock_clock(ka, locked);
	if (moved)
		kf_update_request_others(vcpu);
	if (trace_kf_correct_enabled())
		trace_slowpath(vcpu, &old, clock);
}

void kf_on_publish(void *data, struct kvm_vcpu *vcpu,
		   struct pvclock_vcpu_time_info *clock)
{
	struct kf_vm *vm;
	bool done = false;

	if (unlikely(!kf_is_layout_valid_publish(vcpu, clock)))
		return;
	/* An RCU read section, for fewer instructions than rcu_read_lock(). */
	preempt_disable();
	/* The masterclock update of a new VM has replaced the entry of one that has ended. */
	vm = kf_vm_find(vcpu->kvm) ?: kf_table_get(vcpu->kvm, true);
	if (likely(vm))
		done = clock->flags & PVCLOCK_TSC_STABLE_BIT ?
			       is_settled(vm, vcpu, clock) :
			       publish_loose(vm, vcpu, clock);
	if (unlikely(!done))
		publish(vm, vcpu, clock);
	preempt_enable();
	kf_update_set_vcpu(vcpu, clock);
}
