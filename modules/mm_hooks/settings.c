// SPDX-License-Identifier: GPL-2.0-only
/* The values of the parameters. */
#include "settings.h"

struct mmh_settings mmh_settings = {
	.delay_ms = { 100, .min = 10, .max = 60000 },
	.drain_mb = { 8, .min = 0, .max = 65536 },
	.min_age_ms = { 100, .min = 0, .max = 60000 },
	.report_order = { REPORT_ORDER_MAX, .min = 0, .max = REPORT_ORDER_MAX },
	.low_order = { LOW_ORDER_AUTO, .min = 0, .max = LOW_ORDER_AUTO - 1, .word = "auto" },
	.scan_batch = { 64, .min = 1, .max = 4096 },
	/* Eight reports of 64 MiB at most: INFLIGHT_MAX, POLICY_REPORT_PAGES. */
	.inflight_mb = { 256, .min = 8, .max = 512 },
};
