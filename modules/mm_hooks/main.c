// SPDX-License-Identifier: GPL-2.0-only
/*
 * mm_hooks: the one module that knows which kernel this is.
 *
 * hooks/ has what touches the kernel: tracepoints and notifiers.  pace/ decides
 * when a reporting pass runs.  The engines native/ and page_reporting/ find free
 * blocks and put them back.  registry.c selects the engine and the reporter.
 */
#include <linux/module.h>

#include "discarded.h"
#include "hooks/pm.h"
#include "hooks/vmfork.h"
#include "params.h"
#include "registry.h"
#include "sysfs.h"

static int __init mmh_init(void)
{
	int err;

	err = mmh_engine_select(mmh_wanted_engine());
	if (err)
		return err;
	err = mmh_pm_register();
	if (err)
		return err;
	err = mmh_vmfork_register();
	if (err)
		goto unregister_pm;
	err = mmh_sysfs_init();
	if (err)
		goto unregister_vmfork;
	return 0;

unregister_vmfork:
	mmh_vmfork_unregister();
unregister_pm:
	mmh_pm_unregister();
	return err;
}

static void __exit mmh_exit(void)
{
	mmh_sysfs_exit();
	mmh_vmfork_unregister();
	mmh_pm_unregister();
	mmh_engines_exit();
	mmh_discarded_exit();
}

module_init(mmh_init);
module_exit(mmh_exit);
MODULE_DESCRIPTION("Hooks where memory and clocks change hands between guest and host");
MODULE_LICENSE("GPL");
MODULE_VERSION(VMHOOKS_VERSION);
