// SPDX-License-Identifier: GPL-2.0-only
/* Clock clients: the kernel's pvclock_gtod chain, one notifier for each. */
#include <linux/module.h>
#include <linux/pvclock_gtod.h>

#include <vmhooks/mm_hooks.h>

/* The timekeeper's lock is held, interrupts are off. */
static int clock_notify(struct notifier_block *nb, unsigned long was_set,
			void *timekeeper)
{
	struct mmh_clock_client *client =
		container_of(nb, struct mmh_clock_client, nb);

	client->timekeeper(client, timekeeper);
	return NOTIFY_OK;
}

int mmh_clock_register(struct mmh_clock_client *client)
{
	client->nb = (struct notifier_block){ .notifier_call = clock_notify };
	return pvclock_gtod_register_notifier(&client->nb);
}
EXPORT_SYMBOL_GPL(mmh_clock_register);

void mmh_clock_unregister(struct mmh_clock_client *client)
{
	/* Takes the timekeeper's lock: no call is under way when it returns. */
	pvclock_gtod_unregister_notifier(&client->nb);
}
EXPORT_SYMBOL_GPL(mmh_clock_unregister);
