/* SPDX-License-Identifier: GPL-2.0-only */
/* A masterclock update continues the clock line of its VM; with the companion patch. */
#ifndef KVMCLOCK_FIX_REBASE_H
#define KVMCLOCK_FIX_REBASE_H

#include <linux/types.h>

struct kvm;

/**
 * kf_on_rebase() - KVM has updated the master clock of a VM
 * @data:   not used
 * @kvm:    the VM
 * @master: use_master_clock before the update
 * @ns:	    master_kernel_ns before the update
 * @cycles: master_cycle_now before the update
 *
 * Changes kvmclock_offset and master_cycle_now.
 *
 * Context: any thread, interrupts off, under tsc_write_lock.  In a write section of
 * pvclock_sc, except while the VM is created.  Takes the lock of the VM's entry.
 */
void kf_on_rebase(void *data, struct kvm *kvm, bool master,
		  s64 ns, u64 cycles);

/**
 * kf_on_base() - KVM computes the base of a VM's kvmclock_offset
 * @data:   not used
 * @ns:	    the base; becomes the raw clock and boot offset of one timekeeper update
 *
 * Context: any but NMI, no locks taken.
 */
void kf_on_base(void *data, s64 *ns);

#endif /* KVMCLOCK_FIX_REBASE_H */
