/* SPDX-License-Identifier: GPL-2.0-only */
/* Bringing the balloon to the size that the host asks for. */
#ifndef BALLOON_REPORT_SIZE_H
#define BALLOON_REPORT_SIZE_H

struct br_device;
struct work_struct;

/* Does not look at the device.  Context: process. */
void br_size_init(struct br_device *dev);

/* The host may ask for another size.  Context: any. */
void br_size_changed(struct br_device *dev);

/* Tell the host how large the balloon is, if it was told otherwise.  balloon_lock. */
void br_size_publish(struct br_device *dev);

/**
 * br_size_start() - learn what the host was told last
 * @dev: the device, FEATURES_OK; no size_work is queued
 *
 * Earlier failures to reach a size do not count any more.
 *
 * Context: process, may sleep.
 */
void br_size_start(struct br_device *dev);

#endif /* BALLOON_REPORT_SIZE_H */
