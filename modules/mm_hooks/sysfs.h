/* SPDX-License-Identifier: GPL-2.0-only */
/* /sys/kernel/mm_hooks: one value a file. */
#ifndef MM_HOOKS_SYSFS_H
#define MM_HOOKS_SYSFS_H

/* Context: process.  Return: 0 or -ENOMEM. */
int mm_hooks_sysfs_init(void);
void mm_hooks_sysfs_exit(void);

#endif /* MM_HOOKS_SYSFS_H */
