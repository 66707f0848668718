// SPDX-License-Identifier: GPL-2.0-only
/* The parameters of balloon_report. */
#include "params.h"

#include <linux/module.h>

#include <vmhooks/param.h>

static bool reporting = true;
module_param(reporting, bool, 0444);
MODULE_PARM_DESC(reporting, "Report free memory to the device (default Y)");

static bool report_poisoned;
module_param(report_poisoned, bool, 0444);
MODULE_PARM_DESC(report_poisoned, "Report free memory also while page poisoning fills it (default N)");

static struct vmhooks_bounded floor_mb = { 64, .min = 0, .max = 1048576 };
module_param_cb(floor_mb, &vmhooks_bounded_ops, &floor_mb, 0644);
MODULE_PARM_DESC(floor_mb, "MiB of available memory that inflation and hinting leave to the guest (0 to 1048576, default 64)");

static struct vmhooks_bounded oom_mb = { 16, .min = 1, .max = 4096 };
module_param_cb(oom_mb, &vmhooks_bounded_ops, &oom_mb, 0644);
MODULE_PARM_DESC(oom_mb, "MiB that the balloon deflates by when the guest is out of memory (1 to 4096, default 16)");

static struct vmhooks_bounded host_timeout_ms = { 10000, .min = 100, .max = 600000 };
module_param_cb(host_timeout_ms, &vmhooks_bounded_ops, &host_timeout_ms, 0644);
MODULE_PARM_DESC(host_timeout_ms, "Milliseconds that a wait for the device lasts at most (100 to 600000, default 10000)");

bool br_reporting(void)
{
	return reporting;
}

bool br_report_poisoned(void)
{
	return report_poisoned;
}

unsigned int br_floor_mb(void)
{
	return vmhooks_bounded(&floor_mb);
}

unsigned int br_oom_mb(void)
{
	return vmhooks_bounded(&oom_mb);
}

unsigned int br_host_timeout_ms(void)
{
	return vmhooks_bounded(&host_timeout_ms);
}
