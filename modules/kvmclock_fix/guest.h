/* SPDX-License-Identifier: GPL-2.0-only */
/* The clock that this machine is shown by its host: looked at from inside. */
#ifndef KVMCLOCK_FIX_GUEST_H
#define KVMCLOCK_FIX_GUEST_H

#include "audit.h"

/**
 * kf_guest_init() - look at our clock pages now and then, if there are any
 *
 * Says in the log what there is and what can be judged.
 *
 * Context: process, after kf_snapshot_init().
 */
void kf_guest_init(void);
void kf_guest_exit(void);

/* Look now; the next time is a period from then.  Context: process. */
void kf_guest_look_again(void);

/**
 * kf_guest_counts() - what was found
 * @counts: a copy of the counts
 *
 * Context: process, may sleep.
 * Return: pages that were there at the last look.
 */
unsigned int kf_guest_counts(struct kf_counts *counts);

#endif /* KVMCLOCK_FIX_GUEST_H */
