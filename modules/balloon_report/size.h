/* SPDX-License-Identifier: GPL-2.0-only */
/* The size worker: brings the balloon to the size that the device asks for. */
#ifndef BALLOON_REPORT_SIZE_H
#define BALLOON_REPORT_SIZE_H

#include <linux/ratelimit.h>
#include <linux/types.h>
#include <linux/workqueue.h>

struct br_device;

/**
 * struct br_size - the size that the balloon goes to, in pages of the guest
 * @work:      the size worker; all other fields are its own
 * @num_pages: the size that the device asked for last, in pages of the device
 * @target:    the size that the guest can reach
 * @floor:     available memory that inflation leaves to the guest
 * @floor_mb:  the parameter floor_mb that @floor was computed from
 * @err:       error of the last run, or 0
 * @failures:  failed runs in a row
 * @retry_at:  jiffies of the next run after a failure
 * @ratelimit: limits the message that inflation stopped
 */
struct br_size {
	struct delayed_work work;
	u32 num_pages;
	unsigned int target;
	u64 floor;
	unsigned int floor_mb;
	int err;
	unsigned int failures;
	unsigned long retry_at;
	struct ratelimit_state ratelimit;
};

/* Does not access the device.  Context: process. */
void br_size_init(struct br_device *dev);

/* Forget earlier failures.  Context: process; the size worker is not queued. */
void br_size_start(struct br_device *dev);

/* Queue the size worker, which keeps the system awake until it ran.  Context: any. */
void br_size_queue(struct br_device *dev);

#endif /* BALLOON_REPORT_SIZE_H */
