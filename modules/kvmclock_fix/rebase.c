// SPDX-License-Identifier: GPL-2.0-only
/*
 * A masterclock update continues the clock line of its VM.
 *
 * Everything that KVM publishes of a VM's clock is the master clock, or the raw clock,
 * plus kvmclock_offset: the pvclock pages, KVM_GET_CLOCK, Hyper-V's page and Xen's times.
 * The correction changes the offset, so all of them agree.
 *
 * Lock order: tsc_write_lock, pvclock_sc, the lock of the VM's entry.  kvmclock_offset is
 * written under all three.  Exception: pvclock_sc is not written while KVM creates the VM.
 */
#include "rebase.h"

#include <linux/kvm_host.h>

#include "kvmclock_fix_trace.h"
#include "layout.h"
#include "line.h"
#include "params.h"
#include "snapshot.h"
#include "table.h"
#include "vm.h"

/*
 * The VM's clock at the update.  KVM reads the raw clock also if the master clock is off then.
 *
 * Return: false where KVM has left the old TSC in place, because the host's clocksource is not
 * the TSC.
 */
static __always_inline bool read_new(const struct kvm_arch *ka, u64 old_cycles,
				     struct kf_master *new)
{
	new->on = ka->use_master_clock;
	new->ns = ka->master_kernel_ns + ka->kvmclock_offset;
	new->cycles = ka->master_cycle_now;
	return new->on || new->cycles != old_cycles;
}

/*
 * Most updates: only time has passed.  Under all three locks.
 *
 * Return: false where the update is left to rebase_slowpath(), then nothing was changed.
 */
static __always_inline bool rebase_fastpath(struct kvm *kvm, struct kf_vm *vm,
					    bool was_on, u64 old_cycles, s64 *add)
{
	const u32 suspends = READ_ONCE(kf_suspends);
	struct kvm_arch *ka = &kvm->arch;
	struct kf_add decision = { };
	struct kf_master new;

	if (unlikely(!vm->vcpu || !read_new(ka, old_cycles, &new) ||
		     !kf_vm_is_unchanged(vm, vm->vcpu, ka->kvmclock_offset) ||
		     vm->rebase_suspends != suspends))
		return false;
	if (unlikely(!kf_vm_line_continue(&vm->line, &vm->rates, was_on, &new,
					  &decision.ns)))
		return false;
	*add = kf_vm_add_ns(vm, kvm, decision);
	if (likely(new.on))
		ka->master_cycle_now = new.cycles;
	return true;
}

/*
 * Under all three locks.  By value, so that the caller needs no stack.
 *
 * Return: nanoseconds that were added to the VM's clock.
 */
static noinline s64 rebase_slowpath(struct kvm *kvm, struct kf_vm *vm, bool has_vcpu,
				    bool was_on, s64 old_ns, u64 old_cycles)
{
	u32 suspends = READ_ONCE(kf_suspends);
	bool suspended = vm->rebase_suspends != suspends;
	struct kvm_arch *ka = &kvm->arch;
	struct kf_master old = { .on = was_on, .cycles = old_cycles }, new;
	const struct kvm_vcpu *vcpu = NULL;
	bool on_tsc;
	s64 add;

	if (!vmhooks_bounded(&kf_fix)) {
		kf_vm_invalidate_line(vm);
		return 0;
	}
	vm->rebase_suspends = suspends;
	kf_vm_update_offset(vm, ka->kvmclock_offset);
	if (likely(vm->vcpu))
		vcpu = vm->vcpu;
	else if (has_vcpu)
		vcpu = kvm_get_vcpu(kvm, 0);
	if (!vcpu || !kf_vm_has_tsc(vm, vcpu)) {
		kf_vm_invalidate_line(vm);
		return 0;
	}
	old.ns = old_ns + ka->kvmclock_offset;
	on_tsc = read_new(ka, old_cycles, &new);
	add = kf_vm_add_ns(vm, kvm,
			   kf_vm_line_rebase(&vm->line, &vm->rates, &old,
					     on_tsc ? &new : NULL, suspended));
	if (likely(on_tsc && new.on))
		ka->master_cycle_now = new.cycles;
	return add;
}

void kf_on_rebase(void *data, struct kvm *kvm, bool master,
		  s64 ns, u64 cycles)
{
	struct kvm_arch *ka = &kvm->arch;
	bool own, has_vcpu;
	struct kf_vm *vm;
	s64 add;

	if (unlikely(!kf_is_layout_valid_rebase(kvm, ns, cycles)))
		return;
	lockdep_assert_held(&ka->tsc_write_lock);
	own = current->mm && current->mm == kvm->mm;
	has_vcpu = atomic_read(&kvm->online_vcpus);
	/* Interrupts are off, so this is an RCU read section. */
	vm = kf_vm_get(kvm, own);
	/* A VM without vCPUs whose entry was used has the address of one that has ended. */
	if (unlikely(!has_vcpu && own && vm && vm->offset_valid))
		vm = kf_table_renew(vm, kvm);
	if (unlikely(!vm))
		return;
	raw_spin_lock(&vm->lock);
	if (unlikely(!has_vcpu || !rebase_fastpath(kvm, vm, master, cycles, &add)))
		add = rebase_slowpath(kvm, vm, has_vcpu, master, ns, cycles);
	raw_spin_unlock(&vm->lock);
	if (trace_kf_correct_enabled() && add)
		trace_kf_correct(vm->tgid, "rebase", add,
				 ka->master_kernel_ns + ka->kvmclock_offset,
				 ka->master_cycle_now);
}

void kf_on_base(void *data, s64 *ns)
{
	u64 tsc;

	if (vmhooks_bounded(&kf_fix) &&
	    READ_ONCE(kf_layout) != KF_LAYOUT_MISMATCH)
		kf_snapshot_base(&tsc, ns);
}
