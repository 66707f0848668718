/* SPDX-License-Identifier: GPL-2.0-only */
/* The parameters of kvmclock_fix. */
#ifndef KVMCLOCK_FIX_PARAMS_H
#define KVMCLOCK_FIX_PARAMS_H

#include <linux/types.h>

/* Clocks are corrected where they can be, not only looked at.  Context: any. */
bool kf_fix(void);

/* VMs that there is room for. */
unsigned int kf_max_vms(void);

/* Milliseconds between two looks at the clock pages of this guest. */
unsigned int kf_guest_period_ms(void);

#endif /* KVMCLOCK_FIX_PARAMS_H */
