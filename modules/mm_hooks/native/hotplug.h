/* SPDX-License-Identifier: GPL-2.0-only */
/* The maps and folders of zones follow memory hotplug. */
#ifndef MMH_NATIVE_HOTPLUG_H
#define MMH_NATIVE_HOTPLUG_H

/**
 * mmh_native_hotplug_start() - follow memory hotplug
 *
 * Context: process, may sleep.
 * Return: 0 or a negative errno.
 */
int mmh_native_hotplug_start(void);

/* Stop following.  Context: process, may sleep. */
void mmh_native_hotplug_stop(void);

/**
 * mmh_native_memory_onlined() - give onlined memory a map and its zone a folder
 * @start: its first page frame
 * @end:   behind the last one
 *
 * Context: process, may sleep.
 */
void mmh_native_memory_onlined(unsigned long start, unsigned long end);

#endif /* MMH_NATIVE_HOTPLUG_H */
