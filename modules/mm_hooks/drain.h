/* SPDX-License-Identifier: GPL-2.0-only */
/* Empty the lists of the processors on a kernel without the companion patch. */
#ifndef MM_HOOKS_DRAIN_H
#define MM_HOOKS_DRAIN_H

#include <linux/types.h>
#include <linux/workqueue.h>

/**
 * mm_hooks_drain_start() - from now on mm_hooks_drain_soon() may be called
 *
 * Context: process, may sleep.
 * Return: 0 or a negative errno.
 */
int mm_hooks_drain_start(void);

/**
 * mm_hooks_drain_stop() - no more
 *
 * After the return nothing of this runs.  Context: process, may sleep.
 */
void mm_hooks_drain_stop(void);

/**
 * mm_hooks_drain_soon() - empty them when reports have ceased
 *
 * delay_ms after the last call, once a second at the most and ever less often
 * while they fill up again, and only if they hold mm_hooks_pcp_many() by then and
 * the guest is quiet.  Context: any.
 */
void mm_hooks_drain_soon(void);

/**
 * mm_hooks_drain_flush() - empty them now, unless they hold next to nothing
 *
 * Less than 1 MiB in a zone is left alone: a drain moves more than that itself.
 * Returns at once; mm_hooks_drain_is_due() tells when it is done.  Context: any.
 */
void mm_hooks_drain_flush(void);

/* Is it on its way or running?  One that waits for its timer is not.  Any context. */
static inline bool mm_hooks_work_is_due(struct delayed_work *work)
{
	unsigned int busy = work_busy(&work->work);

	if (busy & WORK_BUSY_RUNNING)
		return true;
	return (busy & WORK_BUSY_PENDING) && !timer_pending(&work->timer);
}

/**
 * mm_hooks_drain_is_due() - mm_hooks_work_is_due() for a drain
 *
 * Context: any.
 * Return: whether it is.
 */
bool mm_hooks_drain_is_due(void);

#endif /* MM_HOOKS_DRAIN_H */
