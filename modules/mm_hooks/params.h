/* SPDX-License-Identifier: GPL-2.0-only */
/* The parameters of mm_hooks, as docs/parameters.md describes them. */
#ifndef MM_HOOKS_PARAMS_H
#define MM_HOOKS_PARAMS_H

/* Milliseconds from a block becoming free to its report, in a quiet guest. */
unsigned int mm_hooks_delay_ms(void);

/* MiB in the lists of the processors that are worth emptying them, 0 for none. */
unsigned int mm_hooks_drain_mb(void);

/* For the native engine: */

/* Milliseconds that a block has to have been free. */
unsigned int mm_hooks_min_age_ms(void);
/* Blocks from this order on are reported as soon as they are old enough. */
unsigned int mm_hooks_report_order(void);
/* Smallest order that is reported, never above mm_hooks_report_order(). */
unsigned int mm_hooks_unit_order(void);
/* Blocks that are visited in one section of zone->lock. */
unsigned int mm_hooks_scan_batch(void);
/* MiB that may be with the host at a time. */
unsigned int mm_hooks_inflight_mb(void);

/* The parameter engine: "auto", "native" or "intree". */
const char *mm_hooks_wanted_engine(void);

#endif /* MM_HOOKS_PARAMS_H */
