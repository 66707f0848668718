// SPDX-License-Identifier: GPL-2.0-only
/*
 * Notice, without polling, that the kernel has put a reporting pass off.
 *
 * The probe runs with the timer base's lock held and interrupts off, and the
 * free that started it may hold zone->lock: it queues an irq_work and nothing
 * else.
 */
#include "arming.h"

#include <linux/irq_work.h>
#include <linux/string.h>

#include "timer_start.h"

/* Written while no probe is attached. */
static struct timer_list *watched;
static struct irq_work *watcher;
static struct tracepoint *timer_start;

static void on_timer_start(void *data, struct timer_list *timer,
			   VMHOOKS_TIMER_START_ARGS)
{
	if (timer == watched)
		irq_work_queue(watcher);
}

static void match_timer_start(struct tracepoint *tp, void *found)
{
	if (!strcmp(tp->name, "timer_start"))
		*(struct tracepoint **)found = tp;
}

int mm_hooks_arming_attach(struct timer_list *timer, struct irq_work *work)
{
	struct tracepoint *tp = NULL;
	int err;

	check_trace_callback_type_timer_start(on_timer_start);
	for_each_kernel_tracepoint(match_timer_start, &tp);
	if (!tp)
		return -ENOENT;
	watched = timer;
	watcher = work;
	err = tracepoint_probe_register(tp, (void *)on_timer_start, NULL);
	if (!err)
		timer_start = tp;
	return err;
}

void mm_hooks_arming_detach(void)
{
	if (!timer_start)
		return;
	tracepoint_probe_unregister(timer_start, (void *)on_timer_start, NULL);
	tracepoint_synchronize_unregister();
	timer_start = NULL;
	irq_work_sync(watcher);
}
