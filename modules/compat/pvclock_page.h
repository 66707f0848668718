/* SPDX-License-Identifier: GPL-2.0-only */
/* The pvclock pages of this guest as of Linux 5.14, where each CPU's is exported. */
#ifndef VMHOOKS_COMPAT_PVCLOCK_PAGE_H
#define VMHOOKS_COMPAT_PVCLOCK_PAGE_H

#include <linux/clocksource.h>
#include <linux/percpu.h>

#include <asm/pvclock.h>
#ifdef VMHOOKS_HAVE_HV_CLOCK_PER_CPU
#include <asm/kvmclock.h>
#endif

/**
 * vmhooks_pvclock_page() - the page that the host writes for a CPU
 * @cpu: its number
 *
 * Before 5.14 only the page of CPU 0 is available, and only while it is stable
 * (PVCLOCK_TSC_STABLE_BIT).
 *
 * Return: the page; NULL where there is none.
 */
static inline struct pvclock_vcpu_time_info *vmhooks_pvclock_page(unsigned int cpu)
{
#if defined(CONFIG_KVM_GUEST) && defined(VMHOOKS_HAVE_HV_CLOCK_PER_CPU)
	struct pvclock_vsyscall_time_info *page = per_cpu(hv_clock_per_cpu, cpu);
#else
	struct pvclock_vsyscall_time_info *page =
		cpu ? NULL : pvclock_get_pvti_cpu0_va();
#endif
	return page ? &page->pvti : NULL;
}

#endif /* VMHOOKS_COMPAT_PVCLOCK_PAGE_H */
