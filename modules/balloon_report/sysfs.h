/* SPDX-License-Identifier: GPL-2.0-only */
/* The folder balloon/ of a device. */
#ifndef BALLOON_REPORT_SYSFS_H
#define BALLOON_REPORT_SYSFS_H

struct attribute_group;

/* For the driver core, which adds and removes the files. */
extern const struct attribute_group *br_groups[];

#endif /* BALLOON_REPORT_SYSFS_H */
