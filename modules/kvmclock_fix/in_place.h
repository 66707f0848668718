/* SPDX-License-Identifier: GPL-2.0-only */
/* The clocks that this host shows its guests: raised before they are written. */
#ifndef KVMCLOCK_FIX_IN_PLACE_H
#define KVMCLOCK_FIX_IN_PLACE_H

#include <linux/compiler.h>
#include <linux/kconfig.h>
#include <linux/types.h>

#include <asm/pvclock-abi.h>

#if IS_ENABLED(CONFIG_KVM)
/* The part of kf_raise_in_place() for a clock below zero. */
bool kf_raise_negative(unsigned int vcpu_id,
		       struct pvclock_vcpu_time_info *clock);

/**
 * kf_raise_in_place() - raise a clock that is negative and not written yet
 * @vcpu_id: the vCPU
 * @clock: what KVM's tracepoint was called with; an odd version says that it will
 *	   be copied to the guest from here, as on 5.10
 *
 * The VM's offset is raised by as much, so that its clock goes on from there, and
 * the other vCPUs are asked to follow.  Where the version is even, or with fix=0,
 * nothing is done.
 *
 * Context: the vCPU's thread; takes kf_vms_lock().
 * Return: whether it was raised.
 */
static inline bool kf_raise_in_place(unsigned int vcpu_id,
				     struct pvclock_vcpu_time_info *clock)
{
	return unlikely((s64)clock->system_time < 0) &&
	       kf_raise_negative(vcpu_id, clock);
}
#else
static inline bool kf_raise_in_place(unsigned int vcpu_id,
				     struct pvclock_vcpu_time_info *clock)
{
	return false;
}
#endif

#endif /* KVMCLOCK_FIX_IN_PLACE_H */
