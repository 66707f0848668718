// SPDX-License-Identifier: GPL-2.0-only
/*
 * All is reported once more in a guest that goes on from a snapshot.
 *
 * The host that restores a snapshot holds all memory that is in it, also what
 * the guest had reported before.  The host changes the guest's VM generation
 * ID, and the kernel's driver of that device calls the notifiers here.
 *
 * They may sleep.  But forget waits for a reporter that comes or goes, and for
 * the host; the ACPI event and the other notifiers would wait with it.
 */
#include "vmfork.h"

#include <linux/notifier.h>
#include <linux/workqueue.h>

#include <vmhooks/mm_hooks.h>

#include "vmfork_notifier.h"

static void vmfork_func(struct work_struct *work)
{
	int err = mmh_forget();

	if (err == -ETIMEDOUT)
		pr_warn("the guest was restored from a snapshot: free memory is reported once more, except what the device has not completed\n");
	else if (!err)
		pr_info("the guest was restored from a snapshot: all free memory is reported once more\n");
}

static DECLARE_WORK(vmfork_work, vmfork_func);

static int on_vmfork(struct notifier_block *nb, unsigned long unused,
		     void *data)
{
	queue_work(system_long_wq, &vmfork_work);
	return NOTIFY_OK;
}

static struct notifier_block vmfork_nb = { .notifier_call = on_vmfork };

int mmh_vmfork_register(void)
{
	return register_random_vmfork_notifier(&vmfork_nb);
}

void mmh_vmfork_unregister(void)
{
	unregister_random_vmfork_notifier(&vmfork_nb);
	cancel_work_sync(&vmfork_work);
}
