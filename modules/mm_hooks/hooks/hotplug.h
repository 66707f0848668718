/* SPDX-License-Identifier: GPL-2.0-only */
/* The kernel's memory hotplug notifier chain, one notifier for each client. */
#ifndef MMH_HOTPLUG_H
#define MMH_HOTPLUG_H

#include <linux/notifier.h>

/**
 * struct mmh_hotplug_client - follows memory that goes online and offline
 * @going_offline: a range is about to go offline.  Return: 0, or a negative errno
 *	to refuse it.
 * @offline:	   it is offline
 * @stays_online:  it stays online after @going_offline; may be called without
 * @online:	   a range is online
 * @nb:		   private to hotplug.c
 *
 * All take the first page frame and the one behind the last.  Each may be NULL.
 * They run in process context under the memory hotplug lock and may sleep.
 */
struct mmh_hotplug_client {
	int (*going_offline)(unsigned long start, unsigned long end);
	void (*offline)(unsigned long start, unsigned long end);
	void (*stays_online)(unsigned long start, unsigned long end);
	void (*online)(unsigned long start, unsigned long end);
	struct notifier_block nb;
};

/**
 * mmh_hotplug_register() - follow memory hotplug
 * @client: stays valid until mmh_hotplug_unregister()
 *
 * Context: process, may sleep.
 * Return: 0 or a negative errno.
 */
int mmh_hotplug_register(struct mmh_hotplug_client *client);

/* After the return no function of @client runs.  Context: process, may sleep. */
void mmh_hotplug_unregister(struct mmh_hotplug_client *client);

#endif /* MMH_HOTPLUG_H */
