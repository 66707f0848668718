/* SPDX-License-Identifier: GPL-2.0-only */
/* /sys/kernel/mm_hooks/zones/node<N>_<zone>: what happened in each zone. */
#ifndef MMH_ZONE_SHOW_H
#define MMH_ZONE_SHOW_H

struct kobject;

/**
 * mmh_zone_sysfs_add() - a folder for each zone that has memory
 * @parent: the folder mm_hooks
 *
 * Context: process, module init.
 * Return: 0 or a negative errno.
 */
int mmh_zone_sysfs_add(struct kobject *parent);

/* Takes the folders away.  Context: process, module exit. */
void mmh_zone_sysfs_remove(void);

/**
 * mmh_zone_sysfs_update() - add folders for zones that got their first memory
 *
 * Context: process, may sleep.
 * Return: 0 or a negative errno.
 */
int mmh_zone_sysfs_update(void);

#endif /* MMH_ZONE_SHOW_H */
