// SPDX-License-Identifier: GPL-2.0-only
/*
 * Pages that become free are marked in the map of their zone.
 *
 * The probe runs under zone->lock with interrupts off, in NMI on kernels that free
 * there.  It writes into the zone's map and queues an irq_work, nothing else.
 */
#include "freed.h"

#include <linux/irq_work.h>
#include <linux/jiffies.h>
#include <linux/mmzone.h>

#include "../discarded.h"
#include "../hooks/free_hook.h"
#include "../mm_hooks_trace.h"
#include "../pace/pacer.h"
#include "zones.h"

static bool heard;	/* of a free since mmh_freed_rearm() */
static u32 backdate;	/* jiffies for which it counts as free already */
static struct irq_work wake_work;

static void wake_pacer(struct irq_work *work)
{
	mmh_pacer_request(0);
}

/* Units that are reported and whose pages come from a driver: they were not in use. */
static unsigned long units_unused(const struct mmh_blocks *b, unsigned long pfn,
				  unsigned int order)
{
	unsigned long unit = mmh_blocks_unit(b, pfn);
	unsigned long last = mmh_blocks_unit(b, pfn + (1UL << order) - 1);
	unsigned long n = 0;

	if (!mmh_discarded_any())
		return 0;
	for (; unit <= last; unit++)
		n += mmh_blocks_are_reported(b, unit, unit + 1) &&
		     mmh_discarded_has(mmh_blocks_pfn(b, unit), b->unit_order);
	return n;
}

void mmh_freed_mark(struct zone *zone, unsigned long pfn, unsigned int order)
{
	struct mmh_blocks *b = mmh_zones_blocks(zone);
	unsigned long reused, unused;

	/* Memory that is just coming: a leaf follows. */
	if (!b || !mmh_blocks_leaf(b, pfn))
		return;
	unused = units_unused(b, pfn, order);
	reused = mmh_blocks_mark_freed(b, pfn, order, (u32)jiffies - READ_ONCE(backdate)) -
	       unused;
	if (reused) {
		mmh_zones_counts(zone)->reused_pages += reused << b->unit_order;
		trace_mmh_reuse(pfn, order, reused << b->unit_order);
	}
	if (!READ_ONCE(heard)) {
		WRITE_ONCE(heard, true);
		irq_work_queue(&wake_work);
	}
}

static void on_free(void *data, struct zone *zone, unsigned long pfn,
		    unsigned int order)
{
	mmh_freed_mark(zone, pfn, order);
}

int mmh_freed_start(unsigned int least)
{
	init_irq_work(&wake_work, wake_pacer);
	WRITE_ONCE(heard, false);
	return mmh_free_hook_register(on_free, least);
}

void mmh_freed_stop(void)
{
	mmh_free_hook_unregister();
	irq_work_sync(&wake_work);
}

bool mmh_freed_rearm(void)
{
	return xchg(&heard, false);
}

void mmh_freed_backdate(u32 age)
{
	WRITE_ONCE(backdate, age);
}
