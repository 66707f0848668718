/* SPDX-License-Identifier: GPL-2.0-only */
/* /sys/kernel/kvmclock_fix: docs/parameters.md. */
#ifndef KVMCLOCK_FIX_SYSFS_H
#define KVMCLOCK_FIX_SYSFS_H

struct attribute_group;

/* Context: process.  Return: 0 or -ENOMEM. */
int kf_sysfs_init(void);
void kf_sysfs_exit(void);

/* The files that show the timekeeper's clocks. */
extern const struct attribute_group kf_snapshot_group;

#endif /* KVMCLOCK_FIX_SYSFS_H */
