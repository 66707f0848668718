/* SPDX-License-Identifier: GPL-2.0-only */
/* A clock besides kvmclock in this guest, to measure the rate of kvmclock with. */
#ifndef KVMCLOCK_FIX_REFERENCE_H
#define KVMCLOCK_FIX_REFERENCE_H

#include <linux/types.h>

/**
 * kf_reference_read() - read the reference and the TSC at the same time
 * @tsc: this guest's TSC
 * @ns:  the reference, nanoseconds
 *
 * The time of vmclock where the hypervisor fills it in.  Else the raw clock if the clocksource is
 * the TSC, else the host's CLOCK_REALTIME, which the hypercall of ptp_kvm returns with the guest's
 * TSC.
 *
 * Context: process, one caller at a time.
 * Return: its name; NULL where there is none.
 */
const char *kf_reference_read(u64 *tsc, s64 *ns);

#endif /* KVMCLOCK_FIX_REFERENCE_H */
