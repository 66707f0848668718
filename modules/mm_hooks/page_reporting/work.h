/* SPDX-License-Identifier: GPL-2.0-only */
/* The state of a delayed_work. */
#ifndef MMH_WORK_H
#define MMH_WORK_H

#include <linux/workqueue.h>

/* Is it queued or running?  One that waits for its timer is not.  Any context. */
static inline bool mmh_work_is_due(struct delayed_work *work)
{
	unsigned int busy = work_busy(&work->work);

	if (busy & WORK_BUSY_RUNNING)
		return true;
	return (busy & WORK_BUSY_PENDING) && !timer_pending(&work->timer);
}

#endif /* MMH_WORK_H */
