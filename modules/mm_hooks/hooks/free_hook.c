// SPDX-License-Identifier: GPL-2.0-only
/* The companion patch's mm_hooks_free tracepoint. */
#include "free_hook.h"

#include <linux/errno.h>
#include <linux/mm_hooks.h>
#include <linux/mmzone.h>
#include <linux/slab.h>
#include <trace/events/kmem.h>

#include "tracepoint.h"

static struct tracepoint *attached;	/* while a probe is registered */
static mmh_free_probe attached_probe;
static unsigned int announced_order;	/* the last mm_hooks_set_free_order() */

void mmh_free_hook_set_order(unsigned int least)
{
	announced_order = least;
	mm_hooks_set_free_order(least);
}

unsigned int mmh_free_hook_order(void)
{
	return announced_order;
}

int mmh_free_hook_register(mmh_free_probe probe, unsigned int least)
{
	struct tracepoint *tp = mmh_tracepoint_find("mm_hooks_free_tp");
	int err;

	check_trace_callback_type_mm_hooks_free_tp(probe);
	if (!tp)
		return -ENOENT;
	mmh_free_hook_set_order(least);
	err = tracepoint_probe_register(tp, (void *)probe, NULL);
	if (err)
		return err;
	attached = tp;
	attached_probe = probe;
	return 0;
}

void mmh_free_hook_unregister(void)
{
	if (!attached)
		return;
	tracepoint_probe_unregister(attached, (void *)attached_probe, NULL);
	tracepoint_synchronize_unregister();
	attached = NULL;
}
