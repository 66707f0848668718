// SPDX-License-Identifier: GPL-2.0-only
/* The parameters of mm_hooks. */
#include "params.h"

#include <linux/module.h>
#include <linux/string.h>

#include "pace/pacer.h"
#include "registry.h"
#include "settings.h"

/* What waits now follows. */
static int delay_set(const char *val, const struct kernel_param *kp)
{
	int err = vmhooks_bounded_set(val, kp);

	if (!err)
		mmh_pacer_rearm();
	return err;
}

static const struct kernel_param_ops delay_ops = {
	.set = delay_set,
	.get = vmhooks_bounded_get,
};

module_param_cb(delay_ms, &delay_ops, &mmh_settings.delay_ms, 0644);
MODULE_PARM_DESC(delay_ms, "Milliseconds that memory is free and the guest idle before a report (10 to 60000, default 100)");

module_param_cb(drain_mb, &vmhooks_bounded_ops, &mmh_settings.drain_mb, 0644);
MODULE_PARM_DESC(drain_mb, "Drain the pcplists when they hold at least this many MiB, 1 MiB per CPU and 1/256 of the memory, and are idle (0-65536, default 8, 0: on flush only)");

/* Free blocks may be due by the new value. */
static int block_set(const char *val, const struct kernel_param *kp)
{
	int err = vmhooks_bounded_set(val, kp);

	if (!err)
		mmh_engine_changed();
	return err;
}

static const struct kernel_param_ops block_ops = {
	.set = block_set,
	.get = vmhooks_bounded_get,
};

module_param_cb(min_age_ms, &block_ops, &mmh_settings.min_age_ms, 0644);
MODULE_PARM_DESC(min_age_ms, "Milliseconds that a block has to have been free, small blocks ten times as long (0 to 60000, default 100)");

module_param_cb(report_order, &block_ops, &mmh_settings.report_order, 0644);
MODULE_PARM_DESC(report_order, "Blocks of 2^order pages and more are reported without a limit (0 to 9, default 9: 2 MiB; less with larger pages)");

module_param_cb(low_order, &block_ops, &mmh_settings.low_order, 0644);
MODULE_PARM_DESC(low_order, "Blocks down to this order are reported when they are old and the guest is quiet, a limited number a second (0 to 9; default auto: 0, or report_order where freeing them would cost a busy guest)");

module_param_cb(scan_batch, &block_ops, &mmh_settings.scan_batch, 0644);
MODULE_PARM_DESC(scan_batch, "native: blocks visited in one go with interrupts off (1 to 4096, default 64)");

module_param_cb(inflight_mb, &block_ops, &mmh_settings.inflight_mb, 0644);
MODULE_PARM_DESC(inflight_mb, "native: MiB of free memory that may be in flight at a time, 1/32 of each zone at most (8 to 512, default 256)");

static char engine[16] = "auto";

static int engine_set(const char *val, const struct kernel_param *kp)
{
	static const char *const known[] = { "auto", "native", "page_reporting" };
	unsigned int i;
	int err;

	for (i = 0; i < ARRAY_SIZE(known); i++) {
		if (!sysfs_streq(val, known[i]))
			continue;
		err = mmh_engine_change(known[i]);
		if (!err)
			strscpy(engine, known[i], sizeof(engine));
		return err;
	}
	pr_err("engine=%.20s refused: auto, native or page_reporting is needed\n",
	       strim((char *)val));
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
module_param_cb(engine, &engine_ops, NULL, 0644);
MODULE_PARM_DESC(engine, "Engine that finds the free blocks: native (needs the companion patch), page_reporting (the kernel's own), auto (default); may be changed while it runs");

const char *mmh_wanted_engine(void)
{
	return engine;
}
