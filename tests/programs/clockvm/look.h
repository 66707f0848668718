/* SPDX-License-Identifier: GPL-2.0-only */
/* Read all clocks that KVM publishes to a VM, again and again. */
#ifndef CLOCKVM_LOOK_H
#define CLOCKVM_LOOK_H

#include "vm.h"

/* The last page of each vCPU, and the findings so far. */
struct look {
	bool hv, xen;
	struct clock_page clocks[VM_VCPUS];
	struct clock_page xens[VM_VCPUS];
	struct hv_page hv_page;
	struct steps of_clock, of_xen, of_hv;
	int64_t apart;		/* largest distance of two vCPUs' clock lines, ns */
	uint64_t unstable;	/* pages that were not stable */
};

/* Reset the findings. The last pages stay for the next comparison. */
void look_reset(struct look *look);

/* Run all vCPUs and compare their pages. */
void look_all(struct look *look, struct vm *vm);

void look_print(const struct look *look);

/*
 * The difference between KVM_GET_CLOCK and the page of vCPU 0 at the same time.  It is
 * exact if KVM returns the TSC of its reading.  Otherwise it is 0 if the value lies
 * between two readings of the page.  *exact tells which.
 */
int64_t look_clock_off(struct vm *vm, bool *exact);

#endif
