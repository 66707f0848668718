/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Free pages in the per-CPU page lists (pcplists), where no engine can isolate them.
 *
 * After a program that allocates and frees a lot they may hold an eighth of a
 * zone; from 6.7 on they grow with what is freed and shrink within seconds only.
 */
#ifndef MMH_PCP_H
#define MMH_PCP_H

#include <linux/bits.h>
#include <linux/mm.h>
#include <linux/types.h>

struct zone;

/* Pages for each processor that these lists are for: 1 MiB. */
#define PCP_EACH_PAGES BIT(20 - PAGE_SHIFT)
/* One part in so many of the memory is not worth disturbing all processors. */
#define PCP_SHARE 256

/**
 * mmh_pcp_pages() - pages in these lists, of all zones
 *
 * Reads a cache line of each processor for each zone.
 *
 * Context: process, may sleep.
 * Return: pages; they change while they are counted.
 */
unsigned long mmh_pcp_pages(void);

/* The same of one zone. */
unsigned long mmh_pcp_zone_pages(const struct zone *zone);

/**
 * mmh_pcp_drain_threshold() - how many pages are worth a drain
 *
 * The parameter drain_mb, but no less than the lists are for.
 *
 * Context: any.
 * Return: pages; ULONG_MAX when the lists are to be left alone.
 */
unsigned long mmh_pcp_drain_threshold(void);

/**
 * mmh_pcp_allocated() - what was allocated since the machine was started
 *
 * From these lists or not.  Reads a cache line or two of each processor.
 *
 * Context: process, may sleep.
 * Return: bytes; always 0 on a kernel that does not count them.
 */
u64 mmh_pcp_allocated(void);

/**
 * mmh_pcp_migrated() - what was migrated since the machine was started
 *
 * The pages that compaction migrates to are free ones that were not allocated.
 *
 * Context: process, may sleep.
 * Return: bytes; always 0 on a kernel that does not count them.
 */
u64 mmh_pcp_migrated(void);

#endif /* MMH_PCP_H */
