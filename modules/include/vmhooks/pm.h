/* SPDX-License-Identifier: GPL-2.0-only */
/* The actions of the kernel's PM notifier chain, by what a driver does then. */
#ifndef VMHOOKS_PM_H
#define VMHOOKS_PM_H

#include <linux/suspend.h>
#include <linux/types.h>

/* Tasks are about to be frozen, for suspend, hibernation or a restore from it. */
static inline bool vmhooks_pm_begins(unsigned long action)
{
	return action == PM_SUSPEND_PREPARE || action == PM_HIBERNATION_PREPARE ||
	       action == PM_RESTORE_PREPARE;
}

/* Tasks run again. */
static inline bool vmhooks_pm_ends(unsigned long action)
{
	return action == PM_POST_SUSPEND || action == PM_POST_HIBERNATION ||
	       action == PM_POST_RESTORE;
}

#endif /* VMHOOKS_PM_H */
