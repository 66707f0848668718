/* SPDX-License-Identifier: GPL-2.0-only */
/* Free page reporting: the reporting queue as a reporter of mm_hooks. */
#ifndef BALLOON_REPORT_REPORT_H
#define BALLOON_REPORT_REPORT_H

#include <linux/atomic.h>
#include <linux/list.h>
#include <linux/types.h>

#include <vmhooks/mm_hooks.h>

struct br_device;

/**
 * struct br_reporting - reports of a device
 * @reporter:	  the device as a reporter of mm_hooks
 * @inflight:	  reports in flight (lock of the queue)
 * @num_inflight: entries of @inflight
 * @late:	  a report is in flight for host_timeout_ms, which was counted
 * @err:	  of the last registration
 */
struct br_reporting {
	struct mmh_reporter reporter;
	struct list_head inflight;
	atomic_t num_inflight;
	bool late;
	int err;
};

/* Does not access the device.  Context: process. */
void br_report_init(struct br_device *dev);

/* Register the reporter if the device has the queue.  Context: process, may sleep. */
void br_report_start(struct br_device *dev);

/* Unregister the reporter: no report is in flight after it.  Context: as above. */
void br_report_stop(struct br_device *dev);

#endif /* BALLOON_REPORT_REPORT_H */
