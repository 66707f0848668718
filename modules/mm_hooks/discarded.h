/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Free pages that the host has discarded without a report: a driver returned them.
 *
 * driver_pages.c writes here what a driver takes and returns.  The engines ask.
 */
#ifndef MMH_DISCARDED_H
#define MMH_DISCARDED_H

#include <linux/types.h>

/* Did a driver return discarded pages?  Context: any, NMI included. */
bool mmh_discarded_any(void);

/**
 * mmh_discarded_judge() - decide whether these pages are still unused
 * @used: bytes that the guest has used, see mmh_pacer_used()
 *
 * mmh_pace_trusts_discarded() decides.  If it says no, all pages are forgotten.
 *
 * Context: any.
 */
void mmh_discarded_judge(u64 used);

/**
 * mmh_discarded_has() - were pages returned as discarded?
 * @pfn:   the first of them
 * @order: how many
 *
 * The guest may have used them since.
 *
 * Context: any, NMI included.
 * Return: whether all of them were.
 */
bool mmh_discarded_has(unsigned long pfn, unsigned int order);

/**
 * mmh_discarded_spare() - is a report of free pages spared?
 * @pfn:   the first of them
 * @order: how many
 *
 * It is spared once: what becomes free there later was in use.
 *
 * Context: any.
 * Return: whether the host has discarded all of them.
 */
bool mmh_discarded_spare(unsigned long pfn, unsigned int order);

/**
 * mmh_discarded_forget() - the host may back all of them again
 *
 * Pages that a driver has at this moment count as not discarded when they return.
 *
 * Context: any.
 */
void mmh_discarded_forget(void);

/**
 * mmh_discarded_pages_taken() - a driver has taken pages
 * @pfn:   the first of them
 * @order: how many
 *
 * Context: process.
 * Return: whether all of them had been returned as discarded.
 */
bool mmh_discarded_pages_taken(unsigned long pfn, unsigned int order);

/* A driver has returned so many pages.  Context: process. */
void mmh_discarded_pages_returned(unsigned int order);

/* Can pages there be marked?  False without memory and for stale pages. */
bool mmh_discarded_has_room(unsigned long pfn);

/**
 * mmh_discarded_start() - the next page that is marked is the first one
 * @used: bytes that the guest has used so far, see mmh_pacer_used()
 *
 * Context: any.
 */
void mmh_discarded_start(u64 used);

/**
 * mmh_discarded_mark() - a driver returns pages that the host has discarded
 * @pfn:   the first of them, where mmh_discarded_has_room()
 * @order: how many
 *
 * Context: any.
 */
void mmh_discarded_mark(unsigned long pfn, unsigned int order);

/* At the exit of the module.  Context: process. */
void mmh_discarded_exit(void);

#endif /* MMH_DISCARDED_H */
