/* SPDX-License-Identifier: GPL-2.0-only */
/* /sys/kernel/mm_hooks/native: what the native engine has counted. */
#ifndef MMH_NATIVE_SHOW_H
#define MMH_NATIVE_SHOW_H

struct kobject;

/* See struct mmh_engine. */
int mmh_native_sysfs_add(struct kobject *parent);
void mmh_native_sysfs_remove(struct kobject *parent);

#endif /* MMH_NATIVE_SHOW_H */
