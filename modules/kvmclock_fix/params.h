/* SPDX-License-Identifier: GPL-2.0-only */
/* The parameters of kvmclock_fix; read by vmhooks_bounded(). */
#ifndef KVMCLOCK_FIX_PARAMS_H
#define KVMCLOCK_FIX_PARAMS_H

#include <vmhooks/param.h>

/* 1: correct clocks where the kernel has the hooks; 0: audit only. */
extern struct vmhooks_bounded kf_fix;

/* Entries for VMs, allocated when KVM is loaded. */
extern struct vmhooks_bounded kf_max_vms;

/* Milliseconds between two audits of this guest's pvclock pages. */
extern struct vmhooks_bounded kf_guest_period_ms;

#endif /* KVMCLOCK_FIX_PARAMS_H */
