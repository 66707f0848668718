// SPDX-License-Identifier: GPL-2.0-only
/*
 * Up to v5.13: a count within zone->pageset; then zone->per_cpu_pageset, "mm/page_alloc:
 * split per cpu page lists and zone stats".
 */
#include <linux/mmzone.h>
#include <linux/percpu.h>

int vmhooks_probe(struct zone *zone);
int vmhooks_probe(struct zone *zone)
{
	return per_cpu_ptr(zone->pageset, 0)->pcp.count;
}
