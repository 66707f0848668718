// SPDX-License-Identifier: GPL-2.0-only
/* No reports while the system is suspended. */
#include "pm.h"

#include <linux/notifier.h>
#include <linux/suspend.h>

#include <vmhooks/pm.h>

#include "../registry.h"

static int on_pm(struct notifier_block *nb, unsigned long action, void *unused)
{
	if (vmhooks_pm_begins(action))
		mmh_reporters_suspend();
	else if (vmhooks_pm_ends(action))
		mmh_reporters_resume();
	return NOTIFY_OK;
}

static struct notifier_block pm_nb = { .notifier_call = on_pm };

int mmh_pm_register(void)
{
	return register_pm_notifier(&pm_nb);
}

void mmh_pm_unregister(void)
{
	unregister_pm_notifier(&pm_nb);
}
