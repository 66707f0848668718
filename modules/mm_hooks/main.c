// SPDX-License-Identifier: GPL-2.0-only
/*
 * mm_hooks: the one module that knows which kernel this is.
 *
 * A block's way on a stock kernel: the kernel puts a pass off (arming.c), the
 * pacer decides when it runs (pacer.c, pace.c), the engine takes blocks from it
 * (intree.c), a chain carries them to the reporter and back (chain.c).  On one
 * with the companion patch the engine is in native/, between the same pacer and
 * the same reporter.  The clock's way: clock.c, kvm.c.  Which engine and which
 * reporter: registry.c, and none while the guest sleeps: sleep.c.  After a
 * restore from a snapshot all is forgotten: vmfork.c.
 */
#include <linux/module.h>

#include "discarded.h"
#include "params.h"
#include "registry.h"
#include "sleep.h"
#include "sysfs.h"
#include "vmfork.h"

static int __init mm_hooks_init(void)
{
	int err;

	err = mm_hooks_engine_select(mm_hooks_wanted_engine());
	if (err)
		return err;
	err = mm_hooks_sleep_init();
	if (err)
		return err;
	err = mm_hooks_vmfork_init();
	if (err)
		goto exit_sleep;
	err = mm_hooks_sysfs_init();
	if (err)
		goto exit_vmfork;
	return 0;

exit_vmfork:
	mm_hooks_vmfork_exit();
exit_sleep:
	mm_hooks_sleep_exit();
	return err;
}

static void __exit mm_hooks_exit(void)
{
	mm_hooks_sysfs_exit();
	mm_hooks_vmfork_exit();
	mm_hooks_sleep_exit();
	mm_hooks_discarded_exit();
}

module_init(mm_hooks_init);
module_exit(mm_hooks_exit);
MODULE_DESCRIPTION("Hooks where memory and clocks change hands between guest and host");
MODULE_LICENSE("GPL");
MODULE_VERSION("0.1.0");
