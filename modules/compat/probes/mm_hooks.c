// SPDX-License-Identifier: GPL-2.0-only
/* The companion patch, patches/: the hooks of memory, as this version knows them. */
#include <linux/gfp.h>
#include <linux/memory.h>
#include <linux/mm.h>
#include <linux/mm_hooks.h>
#include <linux/slab.h>
#include <trace/events/kmem.h>

static void on_free(void *data, struct zone *zone, unsigned long pfn,
		    unsigned int order)
{
	int err = mm_hooks_take_block(pfn_to_page(pfn), order);

	mm_hooks_set_free_order(order);
	if (!err)
		mm_hooks_put_block(pfn_to_page(pfn), order);
}

int vmhooks_probe(struct memory_notify *range);
int vmhooks_probe(struct memory_notify *range)
{
	check_trace_callback_type_mm_hooks_free_tp(on_free);
	drain_all_pages(NULL);
	return blocking_notifier_call_chain(&mm_hooks_isolated, 0, range);
}
