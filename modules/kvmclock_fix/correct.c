// SPDX-License-Identifier: GPL-2.0-only
/*
 * The clocks that this host shows its guests: corrected, with the companion patch.
 *
 * All that KVM shows of a VM's clock, its pages, KVM_GET_CLOCK, Hyper-V's page and
 * Xen's times, is the master clock, or the raw clock, plus kvmclock_offset.  So
 * the offset is what is corrected, and all of them agree.
 *
 * rebase: the VM's tsc_write_lock is held and interrupts are off; mostly, but not
 *	when the VM is made, in a write section of its pvclock_sc.  Any thread.
 * publish: the vCPU's thread, no locks, interrupts on; takes tsc_write_lock, so that nothing
 *	changes under it, opens a write section, and closes both.
 * base: any context, takes no lock.
 *
 * Order: tsc_write_lock, pvclock_sc, kf_vms_lock().  kvmclock_offset is written by us
 * only under all three.
 */
#include "correct.h"

#include <linux/kvm_host.h>
#include <linux/limits.h>

#include <vmhooks/kvm_hooks.h>

#include "kvm_fits.h"
#include "kvm_view.h"
#include "kvmclock_fix_trace.h"
#include "params.h"
#include "snapshot.h"
#include "vcpu_tsc.h"
#include "vms.h"

/* Less than lies between two readings of a clock by anybody. */
#define SLACK_NS 50

/* The VM is being made: nothing was shown yet, and its address may be known. */
static bool is_new(struct kvm *kvm)
{
	return !atomic_read(&kvm->online_vcpus);
}

/* One whose page was not just the one before, else the first.  Return: NULL for none. */
static struct kvm_vcpu *any_vcpu(struct kvm *kvm, const struct kf_vm *vm)
{
	if (likely(vm->vcpu))
		return vm->vcpu;
	return is_new(kvm) ? NULL : kvm_get_vcpu(kvm, 0);
}

/* Adds to a VM's clock.  Under all three locks. */
static void add_ns(struct kvm *kvm, struct kf_vm *vm, s64 add)
{
	kvm->arch.kvmclock_offset += add;
	vm->offset = kvm->arch.kvmclock_offset;
	vm->drift += add;
	vm->counts.corrected++;
}

/* The line of a master clock with these parts.  @vm->offset is KVM's. */
static struct kf_line line_at(const struct kf_vm *vm,
			      const struct kvm_vcpu *vcpu, u64 cycles, s64 ns)
{
	return (struct kf_line){ .tsc = kf_scaled(&vm->scale, cycles),
				 .ns = ns + vm->offset,
				 .rate = kf_vcpu_rate(vcpu) };
}

/*
 * Lets the new line begin a cycle or a few earlier, so that the old one loses
 * none where it ends: then the two are never more than 1 ns apart.
 */
static void align(struct kvm_arch *ka, const struct kf_vm *vm,
		  const struct kf_line *old, struct kf_line *next)
{
	unsigned int i;
	u64 tsc;

	if (!kf_rate_lost(&old->rate, next->tsc - old->tsc))
		return;
	for (i = 1; i < 16; i++) {
		tsc = kf_scaled(&vm->scale, ka->master_cycle_now - i);
		if (tsc < old->tsc)
			return;
		if (kf_rate_lost(&old->rate, tsc - old->tsc))
			continue;
		ka->master_cycle_now -= i;
		next->tsc = tsc;
		return;
	}
}

/*
 * A line that begins now, not behind what the VM was shown before the host's clock
 * left the TSC, as far as that may have drifted.
 */
static void begin_line(struct kf_vm *vm, struct kf_line *line)
{
	const struct kf_line *shown = NULL;

	if (vm->away && kf_line_follows(&vm->shown, line))
		shown = &vm->shown;
	line->ns = kf_publish_ns(shown, line,
				 shown ? kf_line_drift(shown, line->tsc) : 0);
	kf_vm_on_line(vm, line);
}

/* begin_line(); the offset is raised by what @line was.  Under all three locks. */
static void begin_with_offset(struct kvm *kvm, struct kf_vm *vm,
			      struct kf_line *line)
{
	s64 ns = line->ns;

	begin_line(vm, line);
	if (line->ns != ns)
		add_ns(kvm, vm, line->ns - ns);
}

/* What the VM was on before we knew it: the line of the master clock. */
static noinline void was_on_line(struct kf_vm *vm, const struct kvm_vcpu *vcpu,
				 u64 cycles, s64 ns)
{
	const struct kf_line line = line_at(vm, vcpu, cycles, ns);

	kf_vm_on_line(vm, &line);
}

/*
 * The line to go on with is the one that the VM is on since we know it, else that
 * of the master clock, if it was on.  It is always the same one as long as nobody
 * sets the clock: what is rounded for one new line is not rounded again for the
 * next.  Under all three locks.
 *
 * Return: nanoseconds to add.
 */
static s64 rebase(struct kvm *kvm, struct kf_vm *vm, bool was_on,
		  u64 old_cycles, s64 old_ns)
{
	const struct kvm_vcpu *vcpu = any_vcpu(kvm, vm);
	struct kvm_arch *ka = &kvm->arch;
	u32 sleeps = kf_snapshot_sleeps();
	bool slept = vm->rebase_sleeps != sleeps;
	struct kf_line next;
	s64 ns;

	vm->rebase_sleeps = sleeps;
	kf_vm_notice(vm, ka->kvmclock_offset, sleeps);
	if (!vcpu || !kf_vm_knows_tsc(vm, vcpu)) {
		kf_vm_off_line(vm);
		return 0;
	}
	if (unlikely(!vm->shows && was_on && !slept))
		was_on_line(vm, vcpu, old_cycles, old_ns);
	next = line_at(vm, vcpu, ka->master_cycle_now, ka->master_kernel_ns);
	ns = next.ns;
	vm->settled = false;
	if (likely(vm->shows && !slept && kf_line_follows(&vm->shown, &next))) {
		align(ka, vm, &vm->shown, &next);
		next.ns = kf_rebase_ns(&vm->shown, &next);
		/* A negative one was raised: that is where it begins from now on. */
		if (unlikely(vm->shown.ns < 0))
			begin_line(vm, &next);
	} else if (ka->use_master_clock) {
		begin_line(vm, &next);
	} else {
		return 0;
	}
	if (ka->use_master_clock)
		kf_vm_settle(vm, &next, ka->master_cycle_now);
	return next.ns - ns;
}

/* Tells of what on_rebase() did. */
static void tell_rebase(const struct kvm *kvm, pid_t tgid, s64 add)
{
	if (trace_kvmclock_fix_correct_enabled())
		trace_kvmclock_fix_correct(tgid, "rebase", add,
					   kvm->arch.master_kernel_ns +
					   kvm->arch.kvmclock_offset,
					   kvm->arch.master_cycle_now);
}

static void on_rebase(struct mm_hooks_kvm_client *client, struct kvm *kvm,
		      bool master, s64 ns, u64 cycles)
{
	struct kf_vm *vm;
	pid_t tgid = 0;
	s64 add = 0;

	if (unlikely(!kf_fits_rebase(kvm, ns, cycles)))
		return;
	lockdep_assert_held(&kvm->arch.tsc_write_lock);
	kf_vms_lock_inner();
	vm = kf_vms_get(kvm, current->mm && current->mm == kvm->mm);
	if (vm && is_new(kvm))
		kf_vm_begin(vm);
	if (vm && kf_fix())
		add = rebase(kvm, vm, master, cycles, ns);
	else if (vm)
		kf_vm_off_line(vm);
	if (add) {
		add_ns(kvm, vm, add);
		tgid = vm->tgid;
	}
	kf_vms_unlock_inner();
	if (add)
		tell_rebase(kvm, tgid, add);
}

/*
 * The VM's clock at this moment, as KVM would have it without the master clock.  KVM's
 * own parts are not used: it has read the TSC, the raw clock and the offset one after
 * the other, and before we took the locks.
 *
 * Return: false where the host's clock does not run on the TSC.
 */
static __always_inline bool loose_now(const struct kvm *kvm,
				      const struct kf_vm *vm,
				      struct kf_line *now)
{
	u64 tsc;

	if (!kf_snapshot_base(&tsc, &now->ns))
		return false;
	now->tsc = kf_scaled(&vm->scale, tsc);
	now->ns += kvm->arch.kvmclock_offset;
	return true;
}

/*
 * The VM stays on its line, and the offset follows, but never back by more than
 * SLACK_NS: others may just have read a clock by it.
 *
 * Return: false where there is no line, or it is behind by more.
 */
static __always_inline bool loose_goes_on(struct kvm *kvm, struct kf_vm *vm,
					  const struct kf_line *now)
{
	s64 add;

	if (unlikely(!vm->shows || !kf_line_follows(&vm->shown, now)))
		return false;
	add = kf_line_ns(&vm->shown, now->tsc) - now->ns;
	if (unlikely(add < -SLACK_NS))
		return false;
	if (add)
		add_ns(kvm, vm, add);
	return true;
}

/*
 * Without the master clock, where the TSC can be trusted: the line that the VM is
 * on, else one that begins now.
 *
 * Return: false where the host's clock does not run on the TSC.
 */
static bool loose_line(struct kvm *kvm, struct kf_vm *vm, struct kf_line *next)
{
	struct kf_line now = { .rate = next->rate };

	if (!loose_now(kvm, vm, &now))
		return false;
	if (!loose_goes_on(kvm, vm, &now))
		begin_with_offset(kvm, vm, &now);
	vm->settled = false;
	*next = vm->shown;
	return true;
}

/*
 * The host's clock does not run on the TSC: KVM's @next it is, and the offset is
 * raised where that is behind what the VM was shown, by what may have drifted.
 */
static void leave_line(struct kvm *kvm, struct kf_vm *vm, struct kf_line *next)
{
	vm->away |= vm->shows;
	begin_with_offset(kvm, vm, next);
	vm->shows = false;
	vm->away = true;
}

/*
 * The line of the master clock as it is now, for KVM has read its parts one after
 * the other; raised where it is behind what the VM was shown.
 *
 * Return: whether the offset was changed.
 */
static bool master_line(struct kvm *kvm, struct kf_vm *vm, struct kf_line *next)
{
	const struct kf_line *shown = NULL;
	s64 ns;

	next->tsc = kf_scaled(&vm->scale, kvm->arch.master_cycle_now);
	next->ns = kvm->arch.master_kernel_ns + kvm->arch.kvmclock_offset;
	ns = next->ns;
	if (vm->shows && kf_line_follows(&vm->shown, next))
		shown = &vm->shown;
	next->ns = kf_publish_ns(shown, next, S64_MAX);
	if (next->ns != ns)
		add_ns(kvm, vm, next->ns - ns);
	if (!shown || kf_rebase_ns(shown, next) != next->ns)
		kf_vm_on_line(vm, next);
	kf_vm_settle(vm, next, kvm->arch.master_cycle_now);
	return next->ns != ns;
}

static struct kf_rate rate_shown(const struct pvclock_vcpu_time_info *clock)
{
	return (struct kf_rate){ .mul = clock->tsc_to_system_mul,
				 .shift = clock->tsc_shift };
}

/* What KVM is about to show, by the host's TSC. */
static struct kf_line line_of(const struct kvm_vcpu *vcpu,
			      const struct pvclock_vcpu_time_info *clock)
{
	return (struct kf_line){ .tsc = clock->tsc_timestamp -
					vcpu->arch.l1_tsc_offset,
				 .ns = clock->system_time,
				 .rate = rate_shown(clock) };
}

/* Shows @line to the vCPU; its tsc is the host's, scaled. */
static void show(const struct kvm_vcpu *vcpu,
		 struct pvclock_vcpu_time_info *clock,
		 const struct kf_line *line)
{
	clock->tsc_timestamp = line->tsc + vcpu->arch.l1_tsc_offset;
	clock->system_time = line->ns;
}

/*
 * Is all as we left it that a line of the VM is computed with?  Where its clock was
 * never seen there is no @vm->tsc.  Under all three locks.
 */
static bool is_unchanged(const struct kf_vm *vm, const struct kvm_vcpu *vcpu)
{
	const struct kf_tsc now = kf_vcpu_tsc(vcpu);

	return vm->offset == vcpu->kvm->arch.kvmclock_offset &&
	       vm->sleeps == kf_snapshot_sleeps() &&
	       kf_tsc_same(&vm->tsc, &now) && kf_fix();
}

/* The VM's page once more: it was found to be right. */
static bool is_settled(const struct kf_vm *vm, const struct kvm_vcpu *vcpu,
		       const struct pvclock_vcpu_time_info *clock)
{
	const struct kf_line kvms = line_of(vcpu, clock);

	return vm->settled && kf_line_same(&vm->page, &kvms) &&
	       vm->cycles == vcpu->kvm->arch.master_cycle_now;
}

/*
 * Most pages: only time has passed since the last one.  The rest is for
 * publish_page().  Under all three locks.
 *
 * Return: whether it was one of those; then @clock is what is to be shown.
 */
static bool goes_on(struct kf_vm *vm, struct kvm_vcpu *vcpu,
		    struct pvclock_vcpu_time_info *clock)
{
	const bool stable = clock->flags & PVCLOCK_TSC_STABLE_BIT;
	struct kvm *kvm = vcpu->kvm;
	struct kf_line now;

	if (unlikely(stable != kvm->arch.use_master_clock ||
		     !is_unchanged(vm, vcpu)))
		return false;
	if (likely(stable))
		return is_settled(vm, vcpu, clock);
	now.rate = rate_shown(clock);
	if (unlikely(trace_kvmclock_fix_correct_enabled() ||
		     !loose_now(kvm, vm, &now) || !loose_goes_on(kvm, vm, &now)))
		return false;
	vm->vcpu = vcpu;
	show(vcpu, clock, &vm->shown);
	return true;
}

/*
 * What is to be shown instead of @next.  Where nothing is known of the VM or its
 * TSC, only what is negative is changed, and in the page alone.  Under all three
 * locks.
 *
 * Return: whether the offset was changed under other vCPUs' pages.
 */
static bool publish(struct kvm_vcpu *vcpu, struct kf_vm *vm, bool stable,
		    struct kf_line *next)
{
	struct kvm *kvm = vcpu->kvm;

	if (vm) {
		kf_vm_notice(vm, kvm->arch.kvmclock_offset,
			     kf_snapshot_sleeps());
		kf_vm_notice_tsc(vm, vcpu);
	}
	if (!kf_fix()) {
		if (vm)
			kf_vm_off_line(vm);
		return false;
	}
	if (vm && vm->scale.ratio && stable == kvm->arch.use_master_clock) {
		if (stable)
			return master_line(kvm, vm, next);
		if (!loose_line(kvm, vm, next))
			leave_line(kvm, vm, next);
		return false;
	}
	next->ns = kf_rebase_ns(NULL, next);
	return false;
}

/* All that a VM's clock is changed under: @ka is the VM's. */
static inline void lock_clock(struct kvm_arch *ka)
	__acquires(&ka->tsc_write_lock) __acquires(&kf_vms_spinlock)
{
	lockdep_assert_irqs_enabled();
	raw_spin_lock_irq(&ka->tsc_write_lock);
	write_seqcount_begin(&ka->pvclock_sc);
	kf_vms_lock_inner();
}

static inline void unlock_clock(struct kvm_arch *ka)
	__releases(&kf_vms_spinlock) __releases(&ka->tsc_write_lock)
{
	kf_vms_unlock_inner();
	write_seqcount_end(&ka->pvclock_sc);
	raw_spin_unlock_irq(&ka->tsc_write_lock);
}

/* A page that is not as most are.  Lets go of all three locks. */
static noinline void publish_page(struct kvm_vcpu *vcpu, struct kf_vm *vm,
				  struct pvclock_vcpu_time_info *clock)
	__releases(&kf_vms_spinlock)
	__releases(&vcpu->kvm->arch.tsc_write_lock)
{
	const struct kf_line kvms = line_of(vcpu, clock);
	bool stable = clock->flags & PVCLOCK_TSC_STABLE_BIT;
	struct kf_line ours = kvms;
	bool moved;
	s64 add;

	moved = publish(vcpu, vm, stable, &ours);
	show(vcpu, clock, &ours);
	unlock_clock(&vcpu->kvm->arch);
	if (moved)
		kf_view_ask_others(vcpu);
	if (!trace_kvmclock_fix_correct_enabled())
		return;
	add = kf_line_ns(&ours, kvms.tsc) - kvms.ns;
	if (add)
		trace_kvmclock_fix_correct(current->tgid, "publish", add,
					   ours.ns, ours.tsc);
}

static void on_publish(struct mm_hooks_kvm_client *client,
		       struct kvm_vcpu *vcpu,
		       struct pvclock_vcpu_time_info *clock)
{
	struct kvm_arch *ka;
	struct kf_vm *vm;

	if (unlikely(!kf_fits_publish(vcpu, clock)))
		return;
	ka = &vcpu->kvm->arch;
	lock_clock(ka);
	vm = kf_vms_get(vcpu->kvm, true);
	if (likely(vm && goes_on(vm, vcpu, clock)))
		unlock_clock(ka);
	else
		publish_page(vcpu, vm, clock);
	kf_view_published(vcpu, clock);
}

static void on_base(struct mm_hooks_kvm_client *client, s64 *ns)
{
	u64 tsc;

	if (kf_fix() && kf_fits_known() != KF_FITS_NOT)
		kf_snapshot_base(&tsc, ns);
}

s64 kf_correct_pending(const struct kf_vm *vm)
{
	u64 tsc;
	s64 ns;

	if (!vm->settled || !kf_snapshot_base(&tsc, &ns))
		return 0;
	return kf_line_ns(&vm->page, kf_scaled(&vm->scale, tsc)) - ns - vm->offset;
}

void kf_correct_wanted(struct mm_hooks_kvm_client *client)
{
	client->wanted |= MM_HOOKS_KVM_PATCH;
	client->rebase = on_rebase;
	client->publish = on_publish;
	client->base = on_base;
}
