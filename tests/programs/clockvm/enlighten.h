/* SPDX-License-Identifier: GPL-2.0-only */
/* The same clock in Hyper-V's and Xen's formats. */
#ifndef CLOCKVM_ENLIGHTEN_H
#define CLOCKVM_ENLIGHTEN_H

#include "vm.h"

/* Set up Hyper-V's TSC page of vCPU 0, before it runs.  False if KVM has none. */
bool hv_enable(struct vm *vm);

/* Set up Xen's time info for each vCPU.  False if KVM has none. */
bool xen_enable(struct vm *vm);

#endif
