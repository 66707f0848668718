// SPDX-License-Identifier: GPL-2.0-only
/* The kernel's memory hotplug notifier chain. */
#include "hotplug.h"

#include <linux/memory.h>

static int on_memory(struct notifier_block *nb, unsigned long action, void *data)
{
	const struct mmh_hotplug_client *client =
		container_of(nb, struct mmh_hotplug_client, nb);
	const struct memory_notify *memory = data;
	unsigned long start = memory->start_pfn;
	unsigned long end = start + memory->nr_pages;

	switch (action) {
	case MEM_GOING_OFFLINE:
		if (client->going_offline)
			return notifier_from_errno(client->going_offline(start, end));
		break;
	case MEM_OFFLINE:
		if (client->offline)
			client->offline(start, end);
		break;
	case MEM_CANCEL_OFFLINE:
		if (client->stays_online)
			client->stays_online(start, end);
		break;
	case MEM_ONLINE:
		if (client->online)
			client->online(start, end);
		break;
	}
	return NOTIFY_OK;
}

int mmh_hotplug_register(struct mmh_hotplug_client *client)
{
	client->nb = (struct notifier_block){ .notifier_call = on_memory };
	return register_memory_notifier(&client->nb);
}

void mmh_hotplug_unregister(struct mmh_hotplug_client *client)
{
	unregister_memory_notifier(&client->nb);
}
