/* SPDX-License-Identifier: GPL-2.0-only */
/* The parameters of kvmclock_fix. */
#ifndef KVMCLOCK_FIX_PARAMS_H
#define KVMCLOCK_FIX_PARAMS_H

#include <linux/types.h>

#include <vmhooks/param.h>

extern struct vmhooks_bounded kf_fix_value;

/* Clocks are corrected where they can be, not only looked at.  Context: any. */
static inline bool kf_fix(void)
{
	return vmhooks_bounded(&kf_fix_value);
}

/* VMs that there is room for. */
unsigned int kf_max_vms(void);

/* Milliseconds between two looks at the clock pages of this guest. */
unsigned int kf_guest_period_ms(void);

#endif /* KVMCLOCK_FIX_PARAMS_H */
