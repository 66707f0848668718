// SPDX-License-Identifier: GPL-2.0-only
/*
 * Is KVM laid out as where this module was built?
 *
 * Compared is what the hooks say with what is found near the beginning of KVM's
 * structures and where the clock is, at their end.  Several vCPUs may find out at the
 * same time, and find the same.
 */
#include "kvm_fits.h"

#include <linux/atomic.h>
#include <linux/kvm_host.h>
#include <linux/printk.h>
#include <linux/sched.h>
#include <linux/timekeeping.h>
#include <linux/uaccess.h>

#include <asm/pvclock-abi.h>
#include <asm/tsc.h>

#include "kvm_vcpu.h"
#include "line.h"

/* Pages that do not come out as they should before that counts. */
#define DOUBTS 16

enum kf_fits kf_fits __read_mostly;
static unsigned int doubts;

void kf_fits_begin(void)
{
	WRITE_ONCE(kf_fits, KF_FITS_UNKNOWN);
	doubts = 0;
}

/* Return: whether it fits; the first answer counts. */
static bool found(bool fits)
{
	enum kf_fits was = cmpxchg(&kf_fits, KF_FITS_UNKNOWN,
				   fits ? KF_FITS : KF_FITS_NOT);

	if (was == KF_FITS_UNKNOWN && !fits)
		pr_warn("KVM is not laid out as where this module was built: VMs are told apart by process only, and no clock is corrected; build and install it again for this kernel\n");
	return kf_fits_known() == KF_FITS;
}

/* Is this a VM of the calling process? */
static bool is_mine(struct kvm *kvm)
{
	struct mm_struct *mm;

	return !get_kernel_nofault(mm, &kvm->mm) && mm && mm == current->mm;
}

/* What KVM adds the offset to without the master clock, now. */
static s64 base_now(void)
{
	return ktime_get_raw_ns() +
	       ktime_to_ns(ktime_mono_to_any(0, TK_OFFS_BOOT));
}

/* The parts of a VM's clock. */
struct parts {
	bool on;
	u64 ns;
	u64 cycles;
	s64 offset;
};

/* Return: whether they can be such. */
static bool read_parts(struct kvm_arch *ka, struct parts *p)
{
	u8 on;

	if (get_kernel_nofault(on, (u8 *)&ka->use_master_clock) ||
	    get_kernel_nofault(p->ns, &ka->master_kernel_ns) ||
	    get_kernel_nofault(p->cycles, &ka->master_cycle_now) ||
	    get_kernel_nofault(p->offset, &ka->kvmclock_offset))
		return false;
	p->on = on;
	return on <= 1;
}

/* Does a page come from the VM's offset, and its master clock where that is on? */
static bool is_from(struct kvm_arch *ka,
		    const struct pvclock_vcpu_time_info *clock)
{
	bool stable = clock->flags & PVCLOCK_TSC_STABLE_BIT;
	struct parts p;
	s64 late;

	if (!read_parts(ka, &p) || p.on != stable)
		return false;
	if (stable)
		return p.ns + p.offset == clock->system_time;
	late = base_now() + p.offset - (s64)clock->system_time;
	return late >= 0 && late < NSEC_PER_SEC;
}

/*
 * Either may change between KVM's reading and ours, or that thread may wait: what
 * does not come out is in doubt for some pages before it is an answer.
 *
 * Return: true when nothing is known to speak against it.
 */
static bool judge(struct kvm *kvm, const struct pvclock_vcpu_time_info *clock)
{
	if (is_from(&kvm->arch, clock))
		return found(true);
	WRITE_ONCE(doubts, READ_ONCE(doubts) + 1);
	return READ_ONCE(doubts) <= DOUBTS || found(false);
}

/* The VM of a vCPU of the calling thread.  Return: NULL where it is none. */
static struct kvm *kvm_of(struct kvm_vcpu *vcpu)
{
	struct kvm *kvm;

	if (get_kernel_nofault(kvm, &vcpu->kvm) || !is_mine(kvm))
		return NULL;
	return kvm;
}

static bool read_rate(struct kvm_vcpu *vcpu, struct kf_rate *rate)
{
	return !get_kernel_nofault(rate->mul, vmhooks_vcpu_mul(vcpu)) &&
	       !get_kernel_nofault(rate->shift, vmhooks_vcpu_shift(vcpu));
}

static bool has_rate(struct kvm_vcpu *vcpu,
		     const struct pvclock_vcpu_time_info *clock)
{
	struct kf_rate rate;

	return read_rate(vcpu, &rate) && rate.mul == clock->tsc_to_system_mul &&
	       rate.shift == clock->tsc_shift;
}

/* Has its TSC the rate that its clock goes by?  Not before it was shown one. */
static bool has_own_rate(struct kvm_vcpu *vcpu)
{
	struct kf_rate rate;
	s64 off;
	u32 khz;

	if (!vcpu || !read_rate(vcpu, &rate) || !rate.mul ||
	    rate.shift < -31 || rate.shift > 31 ||
	    get_kernel_nofault(khz, &vcpu->arch.hw_tsc_khz) || !khz)
		return false;
	off = kf_rate_ns(&rate, khz) - NSEC_PER_MSEC;
	return off >= -1 && off <= 1;
}

/*
 * Not taken at all, or after the last time and before now.  Another's thread tells
 * nothing.  A page has to say that it fits: this is for one VM, and this time.
 */
bool kf_fits_look_rebase(struct kvm *kvm, s64 old_ns, u64 old_cycles)
{
	struct parts p;

	if (kf_fits_known() == KF_FITS_NOT || !is_mine(kvm) ||
	    !read_parts(&kvm->arch, &p))
		return false;
	if ((p.cycles != old_cycles || p.ns != (u64)old_ns) &&
	    (p.cycles < old_cycles || p.cycles > rdtsc_ordered() ||
	     (s64)p.ns < old_ns || (s64)p.ns > base_now()))
		return false;
	return atomic_read(&kvm->online_vcpus) &&
	       has_own_rate(kvm_get_vcpu(kvm, 0));
}

/* What is in doubt is not touched. */
bool kf_fits_look_publish(struct kvm_vcpu *vcpu,
			  const struct pvclock_vcpu_time_info *clock)
{
	struct kvm *kvm;

	if (kf_fits_known() == KF_FITS_NOT)
		return false;
	kvm = kvm_of(vcpu);
	if (!kvm || !has_rate(vcpu, clock))
		return found(false);
	return judge(kvm, clock) && kf_fits_known() == KF_FITS;
}

/* What is in doubt may be looked at. */
bool kf_fits_look_update(struct kvm_vcpu *vcpu, unsigned int vcpu_id,
			 const struct pvclock_vcpu_time_info *clock)
{
	struct kvm *kvm;
	int id;

	if (kf_fits_known() == KF_FITS_NOT)
		return false;
	if (get_kernel_nofault(id, &vcpu->vcpu_id) || id != vcpu_id)
		return found(false);
	kvm = kvm_of(vcpu);
	return kvm ? judge(kvm, clock) : found(false);
}
