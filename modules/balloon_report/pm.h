/* SPDX-License-Identifier: GPL-2.0-only */
/* Suspend and hibernation, before devices are frozen. */
#ifndef BALLOON_REPORT_PM_H
#define BALLOON_REPORT_PM_H

struct br_device;

/* Does not access the device.  Context: process. */
void br_pm_init(struct br_device *dev);

/* Context: process, may sleep.  Return: 0 or a negative errno. */
int br_pm_start(struct br_device *dev);

/* No notification runs after it.  Context: process, may sleep. */
void br_pm_stop(struct br_device *dev);

#endif /* BALLOON_REPORT_PM_H */
