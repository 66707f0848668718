/* SPDX-License-Identifier: GPL-2.0-only */
/* Everything that a VM is shown of its clock, looked at again and again. */
#ifndef CLOCKVM_LOOK_H
#define CLOCKVM_LOOK_H

#include "vm.h"

/* What each vCPU was shown last, and what was seen so far. */
struct look {
	bool hv, xen;
	struct clock_page clocks[VM_VCPUS];
	struct clock_page xens[VM_VCPUS];
	struct hv_page hv_page;
	struct steps of_clock, of_xen, of_hv;
	int64_t apart;		/* at most between the lines of two vCPUs, ns */
	uint64_t unstable;	/* pages that were not stable */
};

/* Begin anew; the pages seen last are kept to compare with. */
void look_reset(struct look *look);

/* Run all vCPUs and look at their pages. */
void look_all(struct look *look, struct vm *vm);

void look_print(const struct look *look);

/*
 * How far KVM_GET_CLOCK is from the page of vCPU 0 at that moment.  When KVM tells
 * the TSC of its reading that is exact; else 0 when it lies between two readings of
 * the page.  *exact says which.
 */
int64_t look_clock_off(struct vm *vm, bool *exact);

#endif
