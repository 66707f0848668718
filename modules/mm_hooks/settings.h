/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The values of the parameters, as docs/parameters.md describes them.
 *
 * params.c writes them and tells the pacer and the engine.  Readers may be in any
 * context and see a new value at any time.
 */
#ifndef MMH_SETTINGS_H
#define MMH_SETTINGS_H

#include <linux/minmax.h>
#include <linux/mm.h>

#include <vmhooks/param.h>

/* 2 MiB: what the host's page tables map at once, on most hosts. */
#define REPORT_ORDER_MAX (21 - PAGE_SHIFT)
/* low_order=auto: the lowest that costs a busy guest nothing. */
#define LOW_ORDER_AUTO (REPORT_ORDER_MAX + 1)

struct mmh_settings {
	struct vmhooks_bounded delay_ms;
	struct vmhooks_bounded drain_mb;
	struct vmhooks_bounded min_age_ms;
	struct vmhooks_bounded report_order;
	struct vmhooks_bounded low_order;
	struct vmhooks_bounded scan_batch;
	struct vmhooks_bounded inflight_mb;
};

extern struct mmh_settings mmh_settings;

/* Milliseconds from a block becoming free to its report, in an idle guest. */
static inline unsigned int mmh_delay_ms(void)
{
	return vmhooks_bounded(&mmh_settings.delay_ms);
}

/* MiB in the pcplists from which on they are drained, 0 for never. */
static inline unsigned int mmh_drain_mb(void)
{
	return vmhooks_bounded(&mmh_settings.drain_mb);
}

/* Milliseconds that a block has to have been free; page_reporting: a small one. */
static inline unsigned int mmh_min_age_ms(void)
{
	return vmhooks_bounded(&mmh_settings.min_age_ms);
}

/* Blocks from this order on are reported as soon as they are old enough. */
static inline unsigned int mmh_report_order(void)
{
	return vmhooks_bounded(&mmh_settings.report_order);
}

/* Smallest order that is reported, never above mmh_report_order(). */
static inline unsigned int mmh_low_order(void)
{
	unsigned int order = vmhooks_bounded(&mmh_settings.low_order);

	return order == LOW_ORDER_AUTO ? 0 : min(order, mmh_report_order());
}

/*
 * native: order of a unit.  The kernel's reported flag tells which smaller blocks are
 * reported.  A kernel that does not clear it has them in the map, where they cost a busy
 * guest something, if the administrator wants it so.
 */
static inline unsigned int mmh_unit_order(void)
{
	if (IS_ENABLED(CONFIG_PAGE_REPORTING))
		return mmh_report_order();
	return min(vmhooks_bounded(&mmh_settings.low_order), mmh_report_order());
}

/* native: blocks that are visited in one section of zone->lock. */
static inline unsigned int mmh_scan_batch(void)
{
	return vmhooks_bounded(&mmh_settings.scan_batch);
}

/* native: MiB that may be in flight at a time. */
static inline unsigned int mmh_inflight_mb(void)
{
	return vmhooks_bounded(&mmh_settings.inflight_mb);
}

#endif /* MMH_SETTINGS_H */
