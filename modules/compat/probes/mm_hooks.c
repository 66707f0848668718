// SPDX-License-Identifier: GPL-2.0-only
/* The companion patch in patches/: its interface for mm, as this version uses it. */
#include <linux/gfp.h>
#include <linux/memory.h>
#include <linux/mm.h>
#include <linux/mm_hooks.h>
#include <linux/slab.h>
#include <trace/events/kmem.h>

static void on_free(void *data, struct zone *zone, unsigned long pfn,
		    unsigned int order)
{
	int err = mm_hooks_isolate_block(pfn_to_page(pfn), order);

	mm_hooks_set_free_order(order);
	if (!err)
		mm_hooks_putback_block(pfn_to_page(pfn), order);
}

int vmhooks_probe(struct memory_notify *range);
int vmhooks_probe(struct memory_notify *range)
{
	check_trace_callback_type_mm_hooks_free_tp(on_free);
	drain_all_pages(NULL);
	return blocking_notifier_call_chain(&mm_hooks_isolation, 0, range);
}
