/* SPDX-License-Identifier: GPL-2.0-only */
/* The stats queue: one buffer that goes back and forth. */
#ifndef BALLOON_REPORT_STATS_H
#define BALLOON_REPORT_STATS_H

#include <linux/workqueue.h>

#include "stats_encode.h"

struct br_device;

/**
 * struct br_stats - the one buffer
 * @entries: as the host reads them
 * @used:    the buffer is ours and has to be sent
 * @work:    fills and sends it
 */
struct br_stats {
	struct virtio_balloon_stat entries[BR_STATS_MAX];
	bool used;
	struct delayed_work work;
};

/* Does not look at the device.  Context: process. */
void br_stats_init(struct br_device *dev);

/* After DRIVER_OK: the first buffer.  Context: process. */
void br_stats_start(struct br_device *dev);

/* on_used() of the stats queue. */
void br_stats_used(struct br_device *dev, void *token);

#endif /* BALLOON_REPORT_STATS_H */
