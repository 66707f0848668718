// SPDX-License-Identifier: GPL-2.0-only
/* v5.18, f3c2682bad7b ("random: provide notifier for VM fork") */
#include <linux/notifier.h>
#include <linux/random.h>

int vmhooks_probe(struct notifier_block *nb);
int vmhooks_probe(struct notifier_block *nb)
{
	return register_random_vmfork_notifier(nb) ?:
	       unregister_random_vmfork_notifier(nb);
}
