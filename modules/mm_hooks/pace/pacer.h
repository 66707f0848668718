/* SPDX-License-Identifier: GPL-2.0-only */
/* The pacer: starts reporting passes when pace.c decides so. */
#ifndef MMH_PACER_H
#define MMH_PACER_H

#include <linux/types.h>

/**
 * struct mmh_pacer_ops - an engine's functions for the pacer
 * @run:  start a pass
 * @take: take over a pass that the kernel has scheduled, unless it is started
 *	  already.  Called for a request.  Return: was it taken?  NULL: there is none.
 *
 * Both run in process context and may sleep.  One of them runs at a time, so @take
 * does not meet a pass that @run is about to start.
 */
struct mmh_pacer_ops {
	void (*run)(void);
	bool (*take)(void);
};

/**
 * mmh_pacer_start() - begin to pace
 * @ops:     the engine's functions
 * @estimate: estimate what is reused after a report, for an engine that does not
 *	     count it
 *
 * Context: process, may sleep.
 */
void mmh_pacer_start(const struct mmh_pacer_ops *ops, bool estimate);

/**
 * mmh_pacer_stop() - call the functions of the engine no more
 *
 * Context: process, may sleep.
 */
void mmh_pacer_stop(void);

/**
 * mmh_pacer_request() - memory is unreported
 * @least_ms: milliseconds for which a pass would find nothing
 *
 * Never puts a check off that is due earlier.  Nothing happens while stopped.
 *
 * Context: any but NMI.
 */
void mmh_pacer_request(unsigned int least_ms);

/**
 * mmh_pacer_rearm() - delay_ms was changed: a pending check follows
 *
 * Context: any but NMI.
 */
void mmh_pacer_rearm(void);

/**
 * mmh_pacer_run() - a pass, now
 *
 * Context: process, may sleep.
 */
void mmh_pacer_run(void);

/**
 * mmh_pacer_account_isolated() - blocks are isolated or put back
 * @bytes: their size, negative when they are put back
 *
 * What is isolated counts as free: it is not in use.
 *
 * Context: any.
 */
void mmh_pacer_account_isolated(s64 bytes);

/**
 * mmh_pacer_driver_took() - a driver has allocated pages for the device
 * @bytes: their size
 *
 * They count as free, and the allocation as none.
 *
 * Context: any.
 */
void mmh_pacer_driver_took(u64 bytes);

/**
 * mmh_pacer_driver_returned() - a driver is about to free such pages
 * @bytes: their size
 *
 * They count as unreported until mmh_pacer_discarded().
 *
 * Context: any.
 */
void mmh_pacer_driver_returned(u64 bytes);

/**
 * mmh_pacer_discarded() - free blocks need no report, the host has discarded them
 * @bytes: their size
 *
 * Context: process.
 */
void mmh_pacer_discarded(u64 bytes);

/**
 * mmh_pacer_used() - what the guest has allocated or migrated, drivers left out
 *
 * Context: process, may sleep.
 * Return: bytes since the machine was started.
 */
u64 mmh_pacer_used(void);

/**
 * mmh_pacer_reported() - blocks were reported, and are isolated still
 * @bytes: their size
 * @small: some are smaller than report_order, see mmh_pace_reported()
 * @err:   0 or a negative errno
 *
 * Context: process.
 */
void mmh_pacer_reported(u64 bytes, bool small, int err);

/**
 * mmh_pacer_forget() - nothing counts as reported any more
 *
 * Context: process, may sleep.
 */
void mmh_pacer_forget(void);

/**
 * mmh_pacer_mark_unreported() - free memory is not reported any more
 * @bytes: how much
 *
 * It was not reused.  Context: any but NMI.
 */
void mmh_pacer_mark_unreported(u64 bytes);

/**
 * mmh_pacer_judge_discarded() - are the pages discarded still that the balloon returned?
 *
 * Comes before a pass that the pacer does not start.
 *
 * Context: process, may sleep.
 */
void mmh_pacer_judge_discarded(void);

/**
 * mmh_pacer_unreported() - free memory that is not reported
 * @allocated: becomes all allocations since boot in bytes, those of drivers too.  NULL:
 *	counters of all CPUs are not summed up, and the pcplists count as before
 *
 * Context: process, may sleep.
 * Return: bytes, an estimate.
 */
u64 mmh_pacer_unreported(u64 *allocated);

/* Does something wait to be reported? */
bool mmh_pacer_is_waiting(void);

/* Did the last pass start because of idle checks? */
bool mmh_pacer_was_idle(void);

/* For how long the last pass was deferred in a busy guest; 0 if it was not. */
unsigned int mmh_pacer_deferred_ms(void);

/**
 * mmh_pacer_pcp_pages() - pages in the pcplists
 *
 * Adds them up, unless a decision has just done so.
 *
 * Context: process, may sleep.
 * Return: pages.
 */
unsigned long mmh_pacer_pcp_pages(void);

/**
 * mmh_pacer_pcp_is_idle() - are the pcplists idle?
 * @pages: how much is in those that are to be drained
 *
 * Judged by the allocations since the checks are idle, or since the last answer was no.
 * After a deferred pass the first answer is no: hardly any time has passed since its
 * last check.
 *
 * Context: process, may sleep.
 * Return: whether they can be drained.
 */
bool mmh_pacer_pcp_is_idle(unsigned long pages);

/* How far reporting has backed off, and the estimate of reported free memory. */
unsigned int mmh_pacer_level(void);
u64 mmh_pacer_reported_free(void);

#endif /* MMH_PACER_H */
