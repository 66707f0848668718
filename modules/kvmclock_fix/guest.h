/* SPDX-License-Identifier: GPL-2.0-only */
/* The audit of this guest's own pvclock pages. */
#ifndef KVMCLOCK_FIX_GUEST_H
#define KVMCLOCK_FIX_GUEST_H

#include "audit.h"

/**
 * kf_guest_init() - audit the pvclock pages of this guest periodically
 * @period_ms: milliseconds between two audits
 *
 * Does nothing more without pvclock pages.  The log says what the audit covers.
 *
 * Context: process, may sleep; after kf_snapshot_init().
 */
void kf_guest_init(unsigned int period_ms);

/* Ends the audit.  Context: process, may sleep. */
void kf_guest_exit(void);

/**
 * kf_guest_set_period() - audit now, and then once a period
 * @period_ms: milliseconds between two audits
 *
 * Before kf_guest_init() this starts no audit.
 *
 * Context: process, may sleep.
 */
void kf_guest_set_period(unsigned int period_ms);

/**
 * kf_guest_counts() - findings of the audit since the module was loaded
 * @counts: a copy of the counts
 *
 * Context: process, may sleep.
 * Return: the number of pages at the last audit.
 */
unsigned int kf_guest_counts(struct kf_counts *counts);

/**
 * kf_guest_reference() - the rate of the pvclock page of CPU 0
 * @ppb:      by how much it is faster than the reference, in 0.001 ppm, since the last step
 * @measured: whether @ppb is valid
 *
 * Context: process, may sleep.
 * Return: the name of the reference, "none" without any.
 */
const char *kf_guest_reference(s64 *ppb, bool *measured);

/**
 * kf_guest_disruptions() - how often the host has moved or restored this guest
 * @count: changes of vmclock's marker that the audit has found
 *
 * Context: process, may sleep.
 * Return: whether there is a vmclock device, which tells of them.
 */
bool kf_guest_disruptions(u64 *count);

#endif /* KVMCLOCK_FIX_GUEST_H */
