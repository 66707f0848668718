/* SPDX-License-Identifier: GPL-2.0-only */
/* The files in /sys/kernel/kvmclock_fix. */
#ifndef KVMCLOCK_FIX_SYSFS_H
#define KVMCLOCK_FIX_SYSFS_H

/**
 * kf_sysfs_init() - add the files
 *
 * Context: process, may sleep; last of the init functions.
 * Return: 0 or a negative errno.
 */
int kf_sysfs_init(void);

/* Removes the files.  Context: process, may sleep. */
void kf_sysfs_exit(void);

#endif /* KVMCLOCK_FIX_SYSFS_H */
