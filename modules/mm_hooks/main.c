// SPDX-License-Identifier: GPL-2.0-only
/*
 * mm_hooks: the one module that knows which kernel this is.
 *
 * A block's way: the kernel puts a pass off (arming.c), the pacer decides when
 * it runs (pacer.c, pace.c), the engine takes blocks from it (intree.c), a
 * chain carries them to the reporter and back (chain.c).  The clock's way:
 * clock.c.  Which engine and which reporter: registry.c.
 */
#include <linux/module.h>
#include <linux/string.h>

#include <vmhooks/param.h>

#include "engine.h"
#include "registry.h"
#include "sysfs.h"

static struct vmhooks_bounded delay_ms = { 100, .min = 10, .max = 60000 };
module_param_cb(delay_ms, &vmhooks_bounded_ops, &delay_ms, 0644);
MODULE_PARM_DESC(delay_ms, "Milliseconds from free to report while the guest is quiet (10 to 60000, default 100)");

static char engine[8] = "auto";

static int engine_set(const char *val, const struct kernel_param *kp)
{
	static const char *const known[] = { "auto", "native", "intree" };
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(known); i++) {
		if (sysfs_streq(val, known[i])) {
			strscpy(engine, known[i], sizeof(engine));
			return 0;
		}
	}
	pr_err("engine=%.20s refused: auto, native or intree is needed\n", val);
	return -EINVAL;
}

static int engine_get(char *buffer, const struct kernel_param *kp)
{
	return sprintf(buffer, "%s\n", engine);
}

static const struct kernel_param_ops engine_ops = {
	.set = engine_set,
	.get = engine_get,
};
module_param_cb(engine, &engine_ops, NULL, 0444);
MODULE_PARM_DESC(engine, "Who finds the free blocks: native (needs the companion patch), intree (the kernel's page reporting), auto (default)");

unsigned int mm_hooks_delay_ms(void)
{
	return vmhooks_bounded(&delay_ms);
}

static int __init mm_hooks_init(void)
{
	int err;

	err = mm_hooks_engine_select(engine);
	if (err)
		return err;
	return mm_hooks_sysfs_init();
}

static void __exit mm_hooks_exit(void)
{
	mm_hooks_sysfs_exit();
}

module_init(mm_hooks_init);
module_exit(mm_hooks_exit);
MODULE_DESCRIPTION("Hooks where memory and clocks change hands between guest and host");
MODULE_LICENSE("GPL");
MODULE_VERSION("0.1.0");
