/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Notice, without polling, that the kernel has put a reporting pass off.
 *
 * A free that leaves unreported memory behind makes the kernel start the timer
 * of a delayed_work that we own.  timer:timer_start tells when.
 */
#ifndef MM_HOOKS_ARMING_H
#define MM_HOOKS_ARMING_H

struct irq_work;
struct timer_list;

/**
 * mm_hooks_arming_attach() - watch a timer
 * @timer: the timer
 * @work:  queued whenever somebody starts @timer
 *
 * One watch at a time.  Context: process, may sleep.
 * Return: 0, -ENOENT when this kernel has no timer_start tracepoint, or another
 * negative errno.
 */
int mm_hooks_arming_attach(struct timer_list *timer, struct irq_work *work);

/**
 * mm_hooks_arming_detach() - stop watching
 *
 * After the return @work is not queued any more and does not run; without a
 * watch nothing happens.  Context: process, may sleep.
 */
void mm_hooks_arming_detach(void);

#endif /* MM_HOOKS_ARMING_H */
