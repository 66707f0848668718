// SPDX-License-Identifier: GPL-2.0-only
/* What is kept of a VM changes: its clock was set, its TSC has other parameters. */
#include "vm.h"

#include <linux/string.h>

#include "table.h"

void kf_vm_change_offset(struct kf_vm *vm, s64 offset, u32 suspends)
{
	lockdep_assert_held(&vm->lock);
	if (vm->offset != offset) {
		WRITE_ONCE(vm->counts.sets, vm->counts.sets + vm->offset_valid);
		vm->drift = 0;
	}
	kf_vm_invalidate_line(vm);
	/* After a suspend the masterclock update of the VM comes first. */
	if (!vm->offset_valid)
		vm->rebase_suspends = suspends;
	/* The rates are learned again. */
	if (vm->suspends != suspends)
		memset(&vm->tsc, 0, sizeof(vm->tsc));
	vm->offset_valid = true;
	/* After the sets: kf_on_update() reads both without the lock. */
	smp_store_release(&vm->offset, offset);
	vm->suspends = suspends;
}

/* The rates that follow from @tsc, with the rate of the vCPU's last page. */
static struct kf_rates tsc_rates(const struct kf_tsc *tsc,
				 const struct kvm_vcpu *vcpu)
{
	const struct kf_raw_rate raw = kf_snapshot_raw_rate();
	const struct kf_scale scale = kf_scale_of(tsc->ratio, kf_scale_bits(),
						  tsc->host_khz, tsc->khz);
	const struct kf_rate rate = kf_vcpu_rate(vcpu);

	if (!tsc->host_khz)
		return (struct kf_rates){ };
	return kf_rates_of(&rate, &scale, &raw, tsc->host_khz);
}

bool kf_vm_learn_rates(struct kf_vm *vm, const struct kvm_vcpu *vcpu)
{
	const struct kf_tsc now = kf_vcpu_tsc(vcpu);

	lockdep_assert_held(&vm->lock);
	vm->rates = tsc_rates(&now, vcpu);
	if (!vm->rates.scale.bits && tsc_khz != now.khz)
		return false;
	return now.khz && vm->rates.scale.ratio;
}

void kf_vm_update_tsc(struct kf_vm *vm, struct kvm_vcpu *vcpu)
{
	const struct kf_tsc now = kf_vcpu_tsc(vcpu);

	lockdep_assert_held(&vm->lock);
	vm->vcpu = vcpu;
	if (likely(kf_tsc_is_same(&vm->tsc, &now)))
		return;
	kf_vm_invalidate_line(vm);
	/* A rebase comes before KVM has given the name. */
	if (!vm->name[0])
		kf_table_read_name(vm, vcpu->kvm);
	vm->tsc = now;
	vm->rates = tsc_rates(&now, vcpu);
}

void kf_vm_refuse(struct kf_vm *vm, s64 ns)
{
	lockdep_assert_held(&vm->lock);
	vm->counts.refused++;
	kf_vm_keep_last(vm, KF_REFUSED, ns);
	kf_table_notify();
}
