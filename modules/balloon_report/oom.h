/* SPDX-License-Identifier: GPL-2.0-only */
/* Memory for the OOM path: reserve, hinted blocks, F_DEFLATE_ON_OOM. */
#ifndef BALLOON_REPORT_OOM_H
#define BALLOON_REPORT_OOM_H

#include <linux/atomic.h>
#include <linux/notifier.h>

struct br_device;

/**
 * struct br_oom - OOM notifications of a device
 * @nb:	     called before the OOM killer runs
 * @waiters: notifications that run now: the size worker and compaction leave the
 *	     balloon to them
 * @until:   jiffies up to which an OOM deflation limits the balloon
 * @limit:   the largest size of the balloon up to then (balloon.lock)
 */
struct br_oom {
	struct notifier_block nb;
	atomic_t waiters;
	unsigned long until;
	unsigned int limit;
};

/* Does not access the device.  Context: process. */
void br_oom_init(struct br_device *dev);

/* Context: process, may sleep.  Return: 0 or a negative errno. */
int br_oom_start(struct br_device *dev);

/* No notification runs after it.  Context: process, may sleep. */
void br_oom_stop(struct br_device *dev);

/* Jiffies for which an OOM deflation still limits the balloon.  Context: any. */
unsigned long br_oom_limit_left(const struct br_device *dev);

#endif /* BALLOON_REPORT_OOM_H */
