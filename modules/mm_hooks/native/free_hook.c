// SPDX-License-Identifier: GPL-2.0-only
/*
 * The kernel tells which pages become free.
 *
 * The probe runs under zone->lock with interrupts off, in NMI on kernels that free
 * there: it writes into the zone's map and queues an irq_work, nothing else.
 */
#include "free_hook.h"

#include <linux/irq_work.h>
#include <linux/jiffies.h>
#include <linux/mm_hooks.h>
#include <linux/mmzone.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <linux/tracepoint.h>
#include <trace/events/kmem.h>

#include "../counters.h"
#include "../discarded.h"
#include "../mm_hooks_trace.h"
#include "../pacer.h"
#include "zones.h"

static struct tracepoint *mm_hooks_free;
/* Heard of a free since free_hook_rearm(). */
static bool heard;
/* Jiffies for which it counts as free already. */
static u32 backdate;
/* What the kernel was told: the smallest free block to announce. */
static unsigned int heard_order;

static void hook_wake(struct irq_work *work)
{
	mm_hooks_pacer_request(0);
}

static struct irq_work wake_work;

/* Units that are gone and whose pages come from a driver: they were not in use. */
static unsigned long units_unused(const struct blocks *b, unsigned long pfn,
				  unsigned int order)
{
	unsigned long unit = blocks_unit(b, pfn);
	unsigned long last = blocks_unit(b, pfn + (1UL << order) - 1);
	unsigned long n = 0;

	if (!mm_hooks_discarded_any())
		return 0;
	for (; unit <= last; unit++)
		n += blocks_all_gone(b, unit, unit + 1) &&
		     mm_hooks_discarded_has(blocks_pfn(b, unit), b->unit_order);
	return n;
}

static void on_free(void *data, struct zone *zone, unsigned long pfn,
		    unsigned int order)
{
	struct blocks *b = zones_blocks(zone);
	unsigned long gone, unused;

	/* Memory that is just coming: the map follows. */
	if (!b || !blocks_contains(b, pfn + (1UL << order) - 1))
		return;
	unused = units_unused(b, pfn, order);
	gone = blocks_freed(b, pfn, order, (u32)jiffies - READ_ONCE(backdate)) -
	       unused;
	if (gone) {
		zones_counts(zone)->retaken_pages += gone << b->unit_order;
		mm_hooks_count_add(retaken_bytes,
				   gone << (b->unit_order + PAGE_SHIFT));
		trace_mm_hooks_retaken(pfn, order, gone << b->unit_order);
	}
	if (!READ_ONCE(heard)) {
		WRITE_ONCE(heard, true);
		irq_work_queue(&wake_work);
	}
}

bool free_hook_rearm(void)
{
	return xchg(&heard, false);
}

void free_hook_backdate(u32 age)
{
	WRITE_ONCE(backdate, age);
}

void free_hook_set_order(unsigned int least)
{
	heard_order = least;
	mm_hooks_set_free_order(least);
}

unsigned int free_hook_order(void)
{
	return heard_order;
}

static void match_free(struct tracepoint *tp, void *found)
{
	if (!strcmp(tp->name, "mm_hooks_free_tp"))
		*(struct tracepoint **)found = tp;
}

int free_hook_attach(unsigned int least)
{
	struct tracepoint *tp = NULL;
	int err;

	check_trace_callback_type_mm_hooks_free_tp(on_free);
	for_each_kernel_tracepoint(match_free, &tp);
	if (!tp)
		return -ENOENT;
	init_irq_work(&wake_work, hook_wake);
	WRITE_ONCE(heard, false);
	free_hook_set_order(least);
	err = tracepoint_probe_register(tp, (void *)on_free, NULL);
	if (!err)
		mm_hooks_free = tp;
	return err;
}

void free_hook_detach(void)
{
	if (!mm_hooks_free)
		return;
	tracepoint_probe_unregister(mm_hooks_free, (void *)on_free, NULL);
	tracepoint_synchronize_unregister();
	mm_hooks_free = NULL;
	irq_work_sync(&wake_work);
}
