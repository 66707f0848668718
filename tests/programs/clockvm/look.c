// SPDX-License-Identifier: GPL-2.0-only
/* Read all clocks that KVM publishes to a VM, again and again. */
#include "look.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>

/* For older uapi headers. */
#ifndef KVM_CLOCK_HOST_TSC
#define KVM_CLOCK_HOST_TSC	(1 << 3)
#endif

void look_reset(struct look *look)
{
	steps_reset(&look->of_clock, "clock");
	steps_reset(&look->of_xen, "xen");
	steps_reset(&look->of_hv, "hv");
	look->apart = 0;
	look->unstable = 0;
}

static void look_one(struct look *look, struct vm *vm, int vcpu)
{
	struct clock_page now = vm_clock(vm, vcpu);

	steps_page(&look->of_clock, &look->clocks[vcpu], &now);
	look->unstable += !(now.flags & PAGE_STABLE);
	look->clocks[vcpu] = now;
	if (!look->xen)
		return;
	now = vm_xen(vm, vcpu);
	steps_page(&look->of_xen, &look->xens[vcpu], &now);
	look->xens[vcpu] = now;
}

/* The largest distance of stable clock lines from that of vCPU 0, at the later TSC. */
static void compare_vcpus(struct look *look, const struct vm *vm)
{
	const struct clock_page *first = &look->clocks[0];

	for (int i = 1; i < vm->count; i++) {
		const struct clock_page *other = &look->clocks[i];
		uint64_t tsc = other->tsc > first->tsc ? other->tsc : first->tsc;
		int64_t apart = page_ns(other, tsc) - page_ns(first, tsc);

		if (other->version && first->flags & other->flags & PAGE_STABLE &&
		    llabs(apart) > look->apart)
			look->apart = llabs(apart);
	}
}

void look_all(struct look *look, struct vm *vm)
{
	struct hv_page hv;

	for (int i = 0; i < vm->count; i++) {
		vm_run(vm, i);
		look_one(look, vm, i);
	}
	compare_vcpus(look, vm);
	if (!look->hv)
		return;
	hv = vm_hv(vm);
	steps_hv(&look->of_hv, &look->hv_page, &hv, look->clocks[0].tsc);
	if (hv.sequence)
		look->hv_page = hv;
}

void look_print(const struct look *look)
{
	steps_print(&look->of_clock);
	if (look->xen)
		steps_print(&look->of_xen);
	if (look->hv)
		steps_print(&look->of_hv);
	printf("vcpus apart=%" PRId64 " unstable=%" PRIu64 "\n", look->apart, look->unstable);
}

int64_t look_clock_off(struct vm *vm, bool *exact)
{
	struct clock_page page;
	struct kvm_clock_data data = { };
	uint64_t before, after;
	int64_t offset, first, last, clock;

	vm_run(vm, 0);
	page = vm_clock(vm, 0);
	before = vm_get_msr(vm, 0, MSR_TSC);
	must(!ioctl(vm->fd, KVM_GET_CLOCK, &data), "KVM_GET_CLOCK");
	after = vm_get_msr(vm, 0, MSR_TSC);
	clock = (int64_t)data.clock;
	*exact = data.flags & KVM_CLOCK_HOST_TSC && vm_tsc_offset(vm, 0, &offset);
	if (*exact)
		return clock - page_ns(&page, data.host_tsc + (uint64_t)offset);
	first = page_ns(&page, before);
	last = page_ns(&page, after);
	return clock < first ? clock - first : clock > last ? clock - last : 0;
}
