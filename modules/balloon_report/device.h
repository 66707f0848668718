/* SPDX-License-Identifier: GPL-2.0-only */
/* The life of a device, for those who bind and unbind it. */
#ifndef BALLOON_REPORT_DEVICE_H
#define BALLOON_REPORT_DEVICE_H

struct br_device;
struct virtio_device;

/* Context: process.  Return: a device that is down, or NULL without memory. */
struct br_device *br_device_alloc(struct virtio_device *vdev);
void br_device_free(struct br_device *dev);

/**
 * br_device_start() - go into service
 * @dev: a device that is down, its plan set
 *
 * Context: process, may sleep.
 * Return: 0, or a negative errno, and it is down.
 */
int br_device_start(struct br_device *dev);

/* The device's configuration may have changed.  Context: any. */
void br_device_changed(struct br_device *dev);

/**
 * br_device_stop() - go out of service
 * @dev: a device in service, dead or lost
 *
 * Takes a few seconds at most, whatever the host does.  Exception: with
 * MUST_TELL_HOST, as long as the host goes on acknowledging.
 *
 * Context: process.
 */
void br_device_stop(struct br_device *dev);

#endif /* BALLOON_REPORT_DEVICE_H */
