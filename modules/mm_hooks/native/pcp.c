// SPDX-License-Identifier: GPL-2.0-only
/* Free pages in the lists of the processors, where no engine can take them. */
#include "pcp.h"

#include <linux/cpumask.h>
#include <linux/gfp.h>
#include <linux/mmzone.h>
#include <linux/percpu.h>

#include "../counters.h"
#include "free_hook.h"
#include "zones.h"

/* The counts change while they are read; their size is all that matters. */
static unsigned long pcp_pages(struct zone *zone)
{
	unsigned long pages = 0;
	int cpu;

	for_each_online_cpu(cpu)
		pages += READ_ONCE(per_cpu_ptr(zone->per_cpu_pageset,
					       cpu)->count);
	return pages;
}

void pcp_drain(unsigned long many, u32 age)
{
	unsigned long pages = 0;
	struct zone *zone;
	unsigned int i = 0;

	while ((zone = zones_next(&i)))
		pages += pcp_pages(zone);
	if (pages < many)
		return;
	mm_hooks_count(pcp_drains);
	free_hook_backdate(age);
	drain_all_pages(NULL);
	free_hook_backdate(0);
}
