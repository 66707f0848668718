// SPDX-License-Identifier: GPL-2.0-only
/* No reports over a sleep of the guest. */
#include "sleep.h"

#include <linux/notifier.h>
#include <linux/suspend.h>

#include "registry.h"

static int on_pm(struct notifier_block *nb, unsigned long action, void *unused)
{
	switch (action) {
	case PM_HIBERNATION_PREPARE:
	case PM_SUSPEND_PREPARE:
	case PM_RESTORE_PREPARE:
		mm_hooks_reporters_sleep();
		break;
	case PM_POST_HIBERNATION:
	case PM_POST_SUSPEND:
	case PM_POST_RESTORE:
		mm_hooks_reporters_wake();
		break;
	}
	return NOTIFY_OK;
}

static struct notifier_block pm_nb = { .notifier_call = on_pm };

int mm_hooks_sleep_init(void)
{
	return register_pm_notifier(&pm_nb);
}

void mm_hooks_sleep_exit(void)
{
	unregister_pm_notifier(&pm_nb);
}
