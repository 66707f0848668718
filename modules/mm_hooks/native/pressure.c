// SPDX-License-Identifier: GPL-2.0-only
/*
 * Reclaim, the OOM notifier and isolation wait for blocks in flight.
 *
 * Such blocks are neither free nor in use.  The guest could run out of memory because of
 * them, and a range that is isolated for offlining or alloc_contig_range() would seem to
 * be in use.
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
#include "inflight.h"
#include "policy.h"
#include "shrinker.h"

/* Upper bound of the wait in the OOM path. */
#define PRESSURE_OOM_WAIT (5 * HZ)
/* Keep reclaim latency low. */
#define PRESSURE_STALL_WAIT msecs_to_jiffies(20)

static unsigned long pressure_wait(unsigned long timeout)
{
	unsigned long pages;

	mmh_count(pressure_waits);
	pages = mmh_inflight_wait_some(timeout);
	trace_mmh_isolation_wait(0, 0, pages);
	return pages;
}

/* Direct reclaim or kswapd: blocks in flight may be put back soon. */
static unsigned long stall_count(struct shrinker *shrinker,
				 struct shrink_control *sc)
{
	return mmh_inflight_recent_pages(sc->nid);
}

static unsigned long stall_scan(struct shrinker *shrinker,
				struct shrink_control *sc)
{
	unsigned long pages = pressure_wait(PRESSURE_STALL_WAIT);

	/* The shrinker does not ask again for these pages. */
	sc->nr_scanned = max(sc->nr_to_scan, pages);
	return pages ?: SHRINK_STOP;
}

/* Under oom_lock, so one at a time.  The OOM killer runs next. */
static int on_oom(struct notifier_block *nb, unsigned long unused, void *freed)
{
	static struct mmh_policy_oom rescues;

	if (!mmh_inflight_pages() || !mmh_policy_oom_may_wait(&rescues, jiffies, HZ))
		return NOTIFY_OK;
	*(unsigned long *)freed += pressure_wait(PRESSURE_OOM_WAIT);
	return NOTIFY_OK;
}

/* The wait is bounded: the pass isolates no new blocks of the range. */
bool mmh_pressure_wait_range(unsigned long start, unsigned long end)
{
	if (!mmh_inflight_overlaps(start, end))
		return true;
	if (mmh_inflight_isolation_timeout(start, end)) {
		mmh_count(pressure_waits);
		trace_mmh_isolation_wait(start, end, 0);
	}
	if (mmh_inflight_wait_range(start, end))
		return true;
	pr_warn_ratelimited("pfn range [%#lx-%#lx): timed out waiting for reports in flight\n",
			    start, end);
	return false;
}

static int on_isolated(struct notifier_block *nb, unsigned long unused,
		       void *data)
{
	const struct memory_notify *range = data;

	mmh_pressure_wait_range(range->start_pfn,
				range->start_pfn + range->nr_pages);
	return NOTIFY_OK;
}

static struct notifier_block oom_nb = { .notifier_call = on_oom };
static struct notifier_block isolated_nb = { .notifier_call = on_isolated };
static struct shrinker *shrinker;

static void stall_attach(void)
{
	shrinker = shrinker_alloc(SHRINKER_NUMA_AWARE, "mm_hooks");
	if (!shrinker) {
		pr_warn("no memory for a shrinker: direct reclaim does not wait for reports in flight\n");
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
	return blocking_notifier_chain_register(&mm_hooks_isolation,
						&isolated_nb);
}

static void isolated_detach(void)
{
	if (IS_ENABLED(CONFIG_MEMORY_ISOLATION))
		blocking_notifier_chain_unregister(&mm_hooks_isolation,
						   &isolated_nb);
}

int mmh_pressure_register(void)
{
	int err;

	err = register_oom_notifier(&oom_nb);
	if (err)
		return err;
	err = isolated_attach();
	if (err)
		goto oom;
	stall_attach();
	return 0;
oom:
	unregister_oom_notifier(&oom_nb);
	return err;
}

void mmh_pressure_unregister(void)
{
	shrinker_free(shrinker);
	shrinker = NULL;
	isolated_detach();
	unregister_oom_notifier(&oom_nb);
}
