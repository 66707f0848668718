// SPDX-License-Identifier: GPL-2.0-only
/*
 * Who wants memory that is in flight waits until it is back.
 *
 * Blocks in flight are neither free nor in use: the guest could run out of memory
 * because of them, and a range that is isolated for offlining or for
 * alloc_contig_range() would seem to be in use.
 */
#include "pressure.h"

#include <linux/jiffies.h>
#include <linux/memory.h>
#include <linux/minmax.h>
#include <linux/mm_hooks.h>
#include <linux/notifier.h>
#include <linux/oom.h>
#include <linux/printk.h>

#include "../counters.h"
#include "../mm_hooks_trace.h"
#include "../pacer.h"
#include "flight.h"
#include "policy.h"
#include "shrinker.h"
#include "zone_show.h"
#include "zones.h"

/* Better late than killed; but a host that is silent for longer stays so. */
#define PRESSURE_OOM_WAIT (5 * HZ)
/* Reclaim has other places to look at. */
#define PRESSURE_STALL_WAIT msecs_to_jiffies(20)

static unsigned long pressure_wait(unsigned long timeout)
{
	unsigned long pages;

	mm_hooks_count(pressure_waits);
	pages = flights_wait_some(timeout);
	trace_mm_hooks_wanted(0, 0, pages);
	return pages;
}

/* Reclaim, of an allocation that stalls or of kswapd: what is out may be back soon. */
static unsigned long stall_count(struct shrinker *shrinker,
				 struct shrink_control *sc)
{
	return flights_pages_soon(sc->nid);
}

static unsigned long stall_scan(struct shrinker *shrinker,
				struct shrink_control *sc)
{
	unsigned long pages = pressure_wait(PRESSURE_STALL_WAIT);

	/* Not called again for what is back. */
	sc->nr_scanned = max(sc->nr_to_scan, pages);
	return pages ?: SHRINK_STOP;
}

/* The last notifier before somebody is killed; one at a time is out of memory. */
static int on_oom(struct notifier_block *nb, unsigned long unused, void *freed)
{
	static struct policy_rescues rescues;

	if (!flights_pages() || !policy_rescue(&rescues, jiffies, HZ))
		return NOTIFY_OK;
	*(unsigned long *)freed += pressure_wait(PRESSURE_OOM_WAIT);
	return NOTIFY_OK;
}

/*
 * New blocks of an isolated range are not taken: there is an end to this.
 *
 * Return: is no page of the range in flight?
 */
static bool isolated_wait(const struct memory_notify *range)
{
	unsigned long start = range->start_pfn;
	unsigned long end = start + range->nr_pages;

	if (!flights_have(start, end))
		return true;
	if (flights_patience(start, end)) {
		mm_hooks_count(pressure_waits);
		trace_mm_hooks_wanted(start, end, 0);
	}
	if (flights_wait(start, end))
		return true;
	pr_warn_ratelimited("pfn range [%#lx-%#lx): timed out waiting for reports in flight\n",
			    start, end);
	return false;
}

static int on_isolated(struct notifier_block *nb, unsigned long unused,
		       void *range)
{
	isolated_wait(range);
	return NOTIFY_OK;
}

void pressure_follow(void)
{
	if (zones_update())
		pr_warn("no memory for the map of memory that was plugged: trying again\n");
	if (zone_show_update())
		pr_warn("zones that were plugged are not shown in sysfs\n");
}

static int on_memory(struct notifier_block *nb, unsigned long action,
		     void *data)
{
	const struct memory_notify *memory = data;

	switch (action) {
	case MEM_GOING_OFFLINE:
		/*
		 * The range is isolated.  Offlining tries again without a bound, so a
		 * device that is silent has to end it here.
		 */
		if (!isolated_wait(memory))
			return notifier_from_errno(-EBUSY);
		break;
	case MEM_ONLINE:
		pressure_follow();
		zones_present(memory->start_pfn,
			      memory->start_pfn + memory->nr_pages);
		mm_hooks_pacer_request(0);
		break;
	case MEM_OFFLINE:
		zones_absent(memory->start_pfn,
			     memory->start_pfn + memory->nr_pages);
		break;
	}
	return NOTIFY_OK;
}

static struct notifier_block oom_nb = { .notifier_call = on_oom };
static struct notifier_block isolated_nb = { .notifier_call = on_isolated };
static struct notifier_block memory_nb = { .notifier_call = on_memory };
static struct shrinker *shrinker;

static void stall_attach(void)
{
	shrinker = shrinker_alloc(SHRINKER_NUMA_AWARE, "mm_hooks");
	if (!shrinker) {
		pr_warn("no memory for a shrinker: an allocation that stalls does not wait for what is with the host\n");
		return;
	}
	shrinker->count_objects = stall_count;
	shrinker->scan_objects = stall_scan;
	/* Half of it is asked for each time, however urgent that is. */
	shrinker->seeks = 0;
	shrinker_register(shrinker);
}

/* Without it nothing is offlined, nor allocated in a range. */
static int isolated_attach(void)
{
	if (!IS_ENABLED(CONFIG_MEMORY_ISOLATION))
		return 0;
	return blocking_notifier_chain_register(&mm_hooks_isolated,
						&isolated_nb);
}

static void isolated_detach(void)
{
	if (IS_ENABLED(CONFIG_MEMORY_ISOLATION))
		blocking_notifier_chain_unregister(&mm_hooks_isolated,
						   &isolated_nb);
}

int pressure_attach(void)
{
	int err;

	err = register_oom_notifier(&oom_nb);
	if (err)
		return err;
	err = isolated_attach();
	if (err)
		goto oom;
	err = register_memory_notifier(&memory_nb);
	if (err)
		goto isolated;
	stall_attach();
	return 0;
isolated:
	isolated_detach();
oom:
	unregister_oom_notifier(&oom_nb);
	return err;
}

void pressure_detach(void)
{
	shrinker_free(shrinker);
	shrinker = NULL;
	unregister_memory_notifier(&memory_nb);
	isolated_detach();
	unregister_oom_notifier(&oom_nb);
}
