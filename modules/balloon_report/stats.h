/* SPDX-License-Identifier: GPL-2.0-only */
/* Memory statistics: one buffer that the device returns to ask for new ones. */
#ifndef BALLOON_REPORT_STATS_H
#define BALLOON_REPORT_STATS_H

#include <linux/workqueue.h>

#include "stats_encode.h"

struct br_device;

/**
 * struct br_stats - the buffer
 * @entries: in the layout of the device
 * @used:    the device has used the buffer, and it must be sent again
 * @work:    fills and sends the buffer
 */
struct br_stats {
	struct virtio_balloon_stat entries[BR_STATS_MAX];
	bool used;
	struct delayed_work work;
};

/* Does not access the device.  Context: process. */
void br_stats_init(struct br_device *dev);

/* Send the buffer for the first time.  Context: process, after DRIVER_OK. */
void br_stats_start(struct br_device *dev);

#endif /* BALLOON_REPORT_STATS_H */
