/* SPDX-License-Identifier: GPL-2.0-only */
/* /sys/kernel/mm_hooks: one value a file. */
#ifndef MMH_SYSFS_H
#define MMH_SYSFS_H

/* Context: process.  Return: 0 or -ENOMEM. */
int mmh_sysfs_init(void);
void mmh_sysfs_exit(void);

#endif /* MMH_SYSFS_H */
