/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A probe on timer:timer_start: detects without polling that the kernel has
 * scheduled a reporting pass.
 *
 * When a block becomes free, page_reporting_notify_free() starts the timer of a
 * delayed_work.  The page_reporting engine owns that delayed_work.
 */
#ifndef MMH_TIMER_PROBE_H
#define MMH_TIMER_PROBE_H

#include <linux/errno.h>

struct irq_work;
struct timer_list;

#ifdef CONFIG_TRACEPOINTS
/**
 * mmh_timer_probe_register() - watch a timer
 * @timer: the timer
 * @work:  queued at each start of @timer
 *
 * There is one watch at a time.
 *
 * Context: process, may sleep.
 * Return: 0, -ENOENT when this kernel has no timer_start tracepoint, or another
 * negative errno.
 */
int mmh_timer_probe_register(struct timer_list *timer, struct irq_work *work);

/**
 * mmh_timer_probe_unregister() - stop watching
 *
 * After the return @work is not queued any more and does not run.  Without a
 * watch nothing happens.
 *
 * Context: process, may sleep.
 */
void mmh_timer_probe_unregister(void);
#else
static inline int mmh_timer_probe_register(struct timer_list *timer,
					   struct irq_work *work)
{
	return -ENOENT;
}

static inline void mmh_timer_probe_unregister(void)
{
}
#endif

#endif /* MMH_TIMER_PROBE_H */
