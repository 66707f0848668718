/* SPDX-License-Identifier: GPL-2.0-only */
/* The same clock as Hyper-V and Xen show it. */
#ifndef CLOCKVM_ENLIGHTEN_H
#define CLOCKVM_ENLIGHTEN_H

#include "vm.h"

/* Give the guest Hyper-V's TSC page, for vCPU 0, before it runs.  False when KVM has none. */
bool hv_enable(struct vm *vm);

/* Give each vCPU Xen's time info.  False when KVM has none. */
bool xen_enable(struct vm *vm);

#endif
