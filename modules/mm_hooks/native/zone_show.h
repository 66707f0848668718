/* SPDX-License-Identifier: GPL-2.0-only */
/* /sys/kernel/mm_hooks/zones/node<N>_<zone>: what happened in each zone. */
#ifndef MM_HOOKS_ZONE_SHOW_H
#define MM_HOOKS_ZONE_SHOW_H

struct kobject;

/**
 * zone_show_init() - a folder for each zone that has memory
 * @parent: the folder mm_hooks
 *
 * Context: process, module init.
 * Return: 0 or a negative errno.
 */
int zone_show_init(struct kobject *parent);

/* Takes the folders away.  Context: process, module exit. */
void zone_show_exit(void);

/**
 * zone_show_update() - add folders for zones that got their first memory
 *
 * Context: process, may sleep.
 * Return: 0 or a negative errno.
 */
int zone_show_update(void);

#endif /* MM_HOOKS_ZONE_SHOW_H */
