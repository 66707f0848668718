/* SPDX-License-Identifier: GPL-2.0-only */
/* Number of pages in the pcplists of a CPU and a zone. */
#ifndef VMHOOKS_COMPAT_PCP_COUNT_H
#define VMHOOKS_COMPAT_PCP_COUNT_H

#include <linux/compiler.h>
#include <linux/mmzone.h>
#include <linux/percpu.h>

static inline unsigned int vmhooks_pcp_count(const struct zone *zone, int cpu)
{
#ifdef VMHOOKS_HAVE_PAGESET
	return READ_ONCE(per_cpu_ptr(zone->pageset, cpu)->pcp.count);
#else
	return READ_ONCE(per_cpu_ptr(zone->per_cpu_pageset, cpu)->count);
#endif
}

#endif /* VMHOOKS_COMPAT_PCP_COUNT_H */
