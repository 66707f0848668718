// SPDX-License-Identifier: GPL-2.0-only
/*
 * Does the layout of KVM's structures match the headers of this build?
 *
 * Each field that this module uses is read with care and compared with what it means: a
 * page must follow from them.  Several vCPUs may check at the same time, and reach the same
 * result.
 */
#include "layout.h"

#include <linux/atomic.h>
#include <linux/kvm_host.h>
#include <linux/printk.h>
#include <linux/sched.h>
#include <linux/timekeeping.h>
#include <linux/uaccess.h>

#include <asm/pvclock.h>
#include <asm/tsc.h>

#include "kvm_vcpu.h"
#include "line.h"
#include "vm.h"

/* Pages that may contradict the layout before that is a mismatch. */
#define MAX_DOUBTS 16

enum kf_layout kf_layout __read_mostly;
static unsigned int doubts;

void kf_layout_reset(void)
{
	WRITE_ONCE(kf_layout, KF_LAYOUT_UNKNOWN);
	doubts = 0;
}

/* The first result is final.  Return: whether the layout matches. */
static bool set_layout(bool match)
{
	enum kf_layout old = cmpxchg(&kf_layout, KF_LAYOUT_UNKNOWN,
				     match ? KF_LAYOUT_MATCH :
					     KF_LAYOUT_MISMATCH);

	if (old == KF_LAYOUT_UNKNOWN && !match)
		pr_warn("struct kvm layout mismatch: rebuild this module for the running kernel; correction disabled, VMs are told apart by process only\n");
	return READ_ONCE(kf_layout) == KF_LAYOUT_MATCH;
}

/* A read has faulted, so this memory is none of KVM's.  Return: false. */
static bool fault(void)
{
	set_layout(false);
	return false;
}

/* Does this VM belong to the calling process? */
static bool is_own_vm(struct kvm *kvm)
{
	struct mm_struct *mm;

	if (get_kernel_nofault(mm, &kvm->mm))
		return fault();
	return mm && mm == current->mm;
}

/* The clock that KVM adds the offset to without the master clock, now. */
static s64 base_now(void)
{
	return ktime_get_raw_ns() +
	       ktime_to_ns(ktime_mono_to_any(0, TK_OFFS_BOOT));
}

/* The parts of a VM's clock. */
struct vm_parts {
	u8 on;
	u64 ns;
	u64 cycles;
	s64 offset;
};

/* The parts of a vCPU's clock. */
struct vcpu_parts {
	u32 mul;
	s8 shift;
	u32 khz;
	u64 ratio;
	u64 offset;
};

/* This moment, and what the machine determines. */
struct now {
	u64 tsc;
	s64 base;
	unsigned int khz;
	unsigned int scale_bits;
};

/* Return: false after a fault. */
static bool read_vm(struct kvm_arch *ka, struct vm_parts *p)
{
	return !get_kernel_nofault(p->on, (u8 *)&ka->use_master_clock) &&
	       !get_kernel_nofault(p->ns, &ka->master_kernel_ns) &&
	       !get_kernel_nofault(p->cycles, &ka->master_cycle_now) &&
	       !get_kernel_nofault(p->offset, &ka->kvmclock_offset);
}

/* Return: false after a fault. */
static bool read_vcpu(struct kvm_vcpu *vcpu, struct vcpu_parts *p)
{
	return !get_kernel_nofault(p->mul, vmhooks_vcpu_mul(vcpu)) &&
	       !get_kernel_nofault(p->shift, vmhooks_vcpu_shift(vcpu)) &&
	       !get_kernel_nofault(p->khz, &vcpu->arch.hw_tsc_khz) &&
	       !get_kernel_nofault(p->ratio, vmhooks_vcpu_ratio(vcpu)) &&
	       !get_kernel_nofault(p->offset, &vcpu->arch.l1_tsc_offset);
}

static struct now read_now(void)
{
	return (struct now){ .tsc = rdtsc_ordered(), .base = base_now(),
			     .khz = tsc_khz, .scale_bits = kf_scale_bits() };
}

/* Does the vCPU's rate agree with its kHz?  Not before its first page. */
static bool has_consistent_rate(const struct vcpu_parts *p)
{
	const struct kf_rate rate = { .mul = p->mul, .shift = p->shift };
	s64 error;

	if (!p->khz || !p->mul || p->shift < -31 || p->shift > 31)
		return false;
	error = kf_rate_ns(&rate, p->khz) - NSEC_PER_MSEC;
	return error >= -1 && error <= 1;
}

/* Is the time of the page the VM's?  Without the master clock it is younger than 1 s. */
static bool is_time_of_vm(const struct vm_parts *vm, const struct now *now,
			  const struct pvclock_vcpu_time_info *clock)
{
	s64 age;

	if (vm->on != !!(clock->flags & PVCLOCK_TSC_STABLE_BIT))
		return false;
	if (vm->on)
		return vm->ns + vm->offset == clock->system_time;
	age = now->base + vm->offset - (s64)clock->system_time;
	return age >= 0 && age < NSEC_PER_SEC;
}

/*
 * Is the TSC of the page the vCPU's?  Without the master clock it is within 1 s of now; the
 * TSC of another processor may be ahead.
 */
static bool is_tsc_of_vcpu(const struct vm_parts *vm,
			   const struct vcpu_parts *vcpu, const struct now *now,
			   const struct pvclock_vcpu_time_info *clock)
{
	const struct kf_scale scale = kf_scale_of(vcpu->ratio, now->scale_bits,
						  now->khz, vcpu->khz);
	const s64 second = (s64)vcpu->khz * MSEC_PER_SEC;
	s64 diff;

	if (!scale.ratio)
		return false;
	diff = kf_scale_cycles(&scale, vm->on ? vm->cycles : now->tsc) +
	       vcpu->offset - clock->tsc_timestamp;
	return vm->on ? !diff : diff > -second && diff < second;
}

/* Does the page follow from all the parts that this module uses? */
static bool is_page_of(const struct vm_parts *vm, const struct vcpu_parts *vcpu,
		       const struct now *now,
		       const struct pvclock_vcpu_time_info *clock)
{
	return vcpu->mul == clock->tsc_to_system_mul &&
	       vcpu->shift == clock->tsc_shift && has_consistent_rate(vcpu) &&
	       is_time_of_vm(vm, now, clock) &&
	       is_tsc_of_vcpu(vm, vcpu, now, clock);
}

/*
 * KVM's values may change between its reads and these, and the thread may be delayed
 * there.  So a page that contradicts the layout is a doubt, and MAX_DOUBTS of them are
 * allowed.  A fault is a mismatch at once.
 *
 * Return: true unless the layout is a known mismatch.
 */
static bool judge_page(struct kvm *kvm, struct kvm_vcpu *vcpu,
		       const struct pvclock_vcpu_time_info *clock)
{
	const struct now now = read_now();
	struct vcpu_parts of_vcpu;
	struct vm_parts of_vm;

	if (!read_vm(&kvm->arch, &of_vm) || !read_vcpu(vcpu, &of_vcpu))
		return fault();
	if (is_page_of(&of_vm, &of_vcpu, &now, clock))
		return set_layout(true);
	WRITE_ONCE(doubts, READ_ONCE(doubts) + 1);
	return READ_ONCE(doubts) <= MAX_DOUBTS || set_layout(false);
}

/* The VM of a vCPU of the calling thread.  Return: NULL where the pointer is none. */
static struct kvm *vcpu_vm(struct kvm_vcpu *vcpu)
{
	struct kvm *kvm;

	if (get_kernel_nofault(kvm, &vcpu->kvm) || !is_own_vm(kvm))
		return NULL;
	return kvm;
}

#if IS_ENABLED(CONFIG_MM_HOOKS)
/* In the hook, both protect the VM's clock. */
static bool is_locked(struct kvm_arch *ka)
{
	return (!IS_ENABLED(CONFIG_SMP) ||
		raw_spin_is_locked(&ka->tsc_write_lock)) &&
	       raw_read_seqcount(&ka->pvclock_sc) & 1;
}

/*
 * The fields around are those of this build.  Return: the VM's first vCPU, NULL where there
 * is none.
 */
static struct kvm_vcpu *first_vcpu(struct kvm *kvm)
{
	struct kvm_vcpu *vcpu;
	struct kvm *owner;
	void *head;
	int count;

	if (get_kernel_nofault(count, &kvm->online_vcpus.counter) ||
	    get_kernel_nofault(head, (__force void **)&kvm->vcpu_array.xa_head) || count < 0 ||
	    count > KVM_MAX_VCPUS || !!count != !!head) {
		fault();
		return NULL;
	}
	vcpu = count ? kvm_get_vcpu(kvm, 0) : NULL;
	if (vcpu && (get_kernel_nofault(owner, &vcpu->kvm) || owner != kvm)) {
		fault();
		return NULL;
	}
	return vcpu;
}

/*
 * The master clock must be unchanged, or later than the old one and not in the future.
 * A thread of another process proves nothing.  The result holds for this VM and this
 * update only: a page has to prove the layout.
 */
bool kf_check_layout_rebase(struct kvm *kvm, s64 old_ns, u64 old_cycles)
{
	struct vcpu_parts of_vcpu;
	struct kvm_vcpu *vcpu;
	struct vm_parts p;

	if (READ_ONCE(kf_layout) == KF_LAYOUT_MISMATCH || !is_own_vm(kvm))
		return false;
	if (!read_vm(&kvm->arch, &p) || p.on > 1)
		return fault();
	if ((p.cycles != old_cycles || p.ns != (u64)old_ns) &&
	    (p.cycles < old_cycles || p.cycles > rdtsc_ordered() ||
	     (s64)p.ns < old_ns || (s64)p.ns > base_now()))
		return false;
	vcpu = first_vcpu(kvm);
	if (!vcpu || !is_locked(&kvm->arch))
		return false;
	if (!read_vcpu(vcpu, &of_vcpu))
		return fault();
	return has_consistent_rate(&of_vcpu) &&
	       kf_scale_of(of_vcpu.ratio, kf_scale_bits(), tsc_khz,
			   of_vcpu.khz).ratio;
}
#endif

/* A page in doubt is left as KVM wrote it. */
bool kf_check_layout_publish(struct kvm_vcpu *vcpu,
			     const struct pvclock_vcpu_time_info *clock)
{
	struct kvm *kvm;

	if (READ_ONCE(kf_layout) == KF_LAYOUT_MISMATCH)
		return false;
	kvm = vcpu_vm(vcpu);
	if (!kvm)
		return set_layout(false);
	return judge_page(kvm, vcpu, clock) &&
	       READ_ONCE(kf_layout) == KF_LAYOUT_MATCH;
}

/* A page in doubt is audited. */
bool kf_check_layout_update(struct kvm_vcpu *vcpu, unsigned int vcpu_id,
			    const struct pvclock_vcpu_time_info *clock)
{
	struct kvm *kvm;
	int id;

	if (READ_ONCE(kf_layout) == KF_LAYOUT_MISMATCH)
		return false;
	if (get_kernel_nofault(id, &vcpu->vcpu_id) || id != vcpu_id)
		return set_layout(false);
	kvm = vcpu_vm(vcpu);
	return kvm ? judge_page(kvm, vcpu, clock) : set_layout(false);
}
