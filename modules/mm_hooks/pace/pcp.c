// SPDX-License-Identifier: GPL-2.0-only
/* Free pages in the per-CPU page lists (pcplists), where no engine can isolate them. */
#include "pcp.h"

#include <linux/cpumask.h>
#include <linux/kernel.h>
#include <linux/limits.h>
#include <linux/minmax.h>
#include <linux/mm.h>
#include <linux/mmzone.h>
#include <linux/percpu.h>
#include <linux/vmstat.h>

#include "../settings.h"
#include "../zone_next.h"
#include "pcp_count.h"

unsigned long mmh_pcp_zone_pages(const struct zone *zone)
{
	unsigned long pages = 0;
	int cpu;

	for_each_online_cpu(cpu)
		pages += vmhooks_pcp_count(zone, cpu);
	return pages;
}

unsigned long mmh_pcp_pages(void)
{
	unsigned long pages = 0;
	unsigned int i = 0;
	struct zone *zone;

	might_sleep();
	while ((zone = mmh_zone_next(&i)))
		pages += mmh_pcp_zone_pages(zone);
	return pages;
}

unsigned long mmh_pcp_drain_threshold(void)
{
	unsigned long pages = (unsigned long)mmh_drain_mb()
			      << (20 - PAGE_SHIFT);

	if (!pages)
		return ULONG_MAX;
	return max3(pages, num_online_cpus() * PCP_EACH_PAGES,
		    totalram_pages() / PCP_SHARE);
}

#ifdef CONFIG_VM_EVENT_COUNTERS
/*
 * What a processor that went offline has counted is added to another one's, a while
 * after it is no longer online: meanwhile it would be missing, and then seem new.
 */
u64 mmh_pcp_allocated(void)
{
	const struct vm_event_state *events;
	u64 pages = 0;
	int cpu, zone;

	might_sleep();
	for_each_present_cpu(cpu) {
		events = per_cpu_ptr(&vm_event_states, cpu);
		for (zone = 0; zone <= ZONE_MOVABLE; zone++)
			pages += READ_ONCE(events->event[PGALLOC_NORMAL -
							 ZONE_NORMAL + zone]);
	}
	return pages << PAGE_SHIFT;
}

u64 mmh_pcp_migrated(void)
{
	u64 pages = 0;
#ifdef CONFIG_MIGRATION
	int cpu;

	might_sleep();
	for_each_present_cpu(cpu)
		pages += READ_ONCE(per_cpu(vm_event_states, cpu)
					   .event[PGMIGRATE_SUCCESS]);
#endif
	return pages << PAGE_SHIFT;
}
#else
u64 mmh_pcp_migrated(void)
{
	return 0;
}

u64 mmh_pcp_allocated(void)
{
	return 0;
}
#endif
