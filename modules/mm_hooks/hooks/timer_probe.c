// SPDX-License-Identifier: GPL-2.0-only
/*
 * A probe on timer:timer_start.
 *
 * It runs with the timer base's lock held and interrupts off, and the free that
 * started the timer may hold zone->lock.  So it queues an irq_work and nothing
 * else.
 */
#include "timer_probe.h"

#include <linux/irq_work.h>

#include "timer_start.h"
#include "tracepoint.h"

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

int mmh_timer_probe_register(struct timer_list *timer, struct irq_work *work)
{
	struct tracepoint *tp = mmh_tracepoint_find("timer_start");
	int err;

	check_trace_callback_type_timer_start(on_timer_start);
	if (!tp)
		return -ENOENT;
	watched = timer;
	watcher = work;
	err = tracepoint_probe_register(tp, (void *)on_timer_start, NULL);
	if (!err)
		timer_start = tp;
	return err;
}

void mmh_timer_probe_unregister(void)
{
	if (!timer_start)
		return;
	tracepoint_probe_unregister(timer_start, (void *)on_timer_start, NULL);
	tracepoint_synchronize_unregister();
	timer_start = NULL;
	irq_work_sync(watcher);
}
