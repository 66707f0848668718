// SPDX-License-Identifier: GPL-2.0-only
/* The parameters of mm_hooks. */
#include "params.h"

#include <linux/minmax.h>
#include <linux/module.h>
#include <linux/string.h>

#include <vmhooks/param.h>

#include "pacer.h"
#include "registry.h"

/* What waits now follows. */
static int delay_set(const char *val, const struct kernel_param *kp)
{
	int err = vmhooks_bounded_set(val, kp);

	if (!err)
		mm_hooks_pacer_hurry();
	return err;
}

static const struct kernel_param_ops delay_ops = {
	.set = delay_set,
	.get = vmhooks_bounded_get,
};

static struct vmhooks_bounded delay_ms = { 100, .min = 10, .max = 60000 };
module_param_cb(delay_ms, &delay_ops, &delay_ms, 0644);
MODULE_PARM_DESC(delay_ms, "Milliseconds that memory is free and the guest quiet before a report (10 to 60000, default 100)");

static struct vmhooks_bounded drain_mb = { 8, .min = 0, .max = 65536 };
module_param_cb(drain_mb, &vmhooks_bounded_ops, &drain_mb, 0644);
MODULE_PARM_DESC(drain_mb, "Empty the lists of the processors when a quiet guest has so many MiB free in them, 1 MiB for each processor and 1/256 of the memory at least (0 to 65536, default 8, 0: only for a flush)");

/* What is free may be due now: look again. */
static int native_set(const char *val, const struct kernel_param *kp)
{
	int err = vmhooks_bounded_set(val, kp);

	if (!err)
		mm_hooks_engine_changed();
	return err;
}

static const struct kernel_param_ops native_ops = {
	.set = native_set,
	.get = vmhooks_bounded_get,
};

static struct vmhooks_bounded min_age_ms = { 100, .min = 0, .max = 60000 };
module_param_cb(min_age_ms, &native_ops, &min_age_ms, 0644);
MODULE_PARM_DESC(min_age_ms, "native: milliseconds that a block has to have been free, more while reports turn out too early (0 to 60000, default 100)");

static struct vmhooks_bounded report_order = { 9, .min = 0, .max = 9 };
module_param_cb(report_order, &native_ops, &report_order, 0644);
MODULE_PARM_DESC(report_order, "native: blocks of 2^order pages and more are reported without a limit (0 to 9, default 9: 2 MiB)");

static struct vmhooks_bounded low_order = { 9, .min = 0, .max = 9 };
module_param_cb(low_order, &native_ops, &low_order, 0644);
MODULE_PARM_DESC(low_order, "native: blocks down to this order are reported when they are old, a limited number a second (0 to 9, default 9: none below report_order)");

static struct vmhooks_bounded scan_batch = { 64, .min = 1, .max = 4096 };
module_param_cb(scan_batch, &native_ops, &scan_batch, 0644);
MODULE_PARM_DESC(scan_batch, "native: blocks visited in one go with interrupts off (1 to 4096, default 64)");

/* Eight chains of 64 MiB at the most: FLIGHTS, POLICY_CHAIN_PAGES. */
static struct vmhooks_bounded inflight_mb = { 256, .min = 8, .max = 512 };
module_param_cb(inflight_mb, &native_ops, &inflight_mb, 0644);
MODULE_PARM_DESC(inflight_mb, "native: MiB of free memory that may be with the host at a time, 1/32 of each zone at most (8 to 512, default 256)");

static char engine[8] = "auto";

static int engine_set(const char *val, const struct kernel_param *kp)
{
	static const char *const known[] = { "auto", "native", "intree" };
	unsigned int i;
	int err;

	for (i = 0; i < ARRAY_SIZE(known); i++) {
		if (!sysfs_streq(val, known[i]))
			continue;
		err = mm_hooks_engine_change(known[i]);
		if (!err)
			strscpy(engine, known[i], sizeof(engine));
		return err;
	}
	pr_err("engine=%.20s refused: auto, native or intree is needed\n",
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
MODULE_PARM_DESC(engine, "Who finds the free blocks: native (needs the companion patch), intree (the kernel's page reporting), auto (default); may be changed while it runs");

unsigned int mm_hooks_delay_ms(void)
{
	return vmhooks_bounded(&delay_ms);
}

unsigned int mm_hooks_drain_mb(void)
{
	return vmhooks_bounded(&drain_mb);
}

unsigned int mm_hooks_min_age_ms(void)
{
	return vmhooks_bounded(&min_age_ms);
}

unsigned int mm_hooks_report_order(void)
{
	return vmhooks_bounded(&report_order);
}

unsigned int mm_hooks_unit_order(void)
{
	return min(vmhooks_bounded(&low_order), vmhooks_bounded(&report_order));
}

unsigned int mm_hooks_scan_batch(void)
{
	return vmhooks_bounded(&scan_batch);
}

unsigned int mm_hooks_inflight_mb(void)
{
	return vmhooks_bounded(&inflight_mb);
}

const char *mm_hooks_wanted_engine(void)
{
	return engine;
}
