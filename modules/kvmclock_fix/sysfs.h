/* SPDX-License-Identifier: GPL-2.0-only */
/* /sys/kernel/kvmclock_fix: one value a file. */
#ifndef KVMCLOCK_FIX_SYSFS_H
#define KVMCLOCK_FIX_SYSFS_H

/* Context: process.  Return: 0 or -ENOMEM. */
int kf_sysfs_init(void);
void kf_sysfs_exit(void);

#endif /* KVMCLOCK_FIX_SYSFS_H */
