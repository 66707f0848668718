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

/* Tell the host how large the balloon is.  Context: balloon_lock held. */
void br_size_publish(struct br_device *dev);

/**
 * br_size_publish_end() - tell the host that there is no balloon any more
 * @dev: the device; the next thing to happen is its reset
 *
 * What the host had no time to take back is the guest's after the reset, but
 * QEMU keeps the last size that it was told.
 *
 * Context: process, may sleep.
 */
void br_size_publish_end(struct br_device *dev);

#endif /* BALLOON_REPORT_SIZE_H */
