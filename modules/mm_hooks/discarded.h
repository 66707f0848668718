/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Free pages that the host has discarded without a report: they came back from the
 * balloon.
 */
#ifndef MM_HOOKS_DISCARDED_H
#define MM_HOOKS_DISCARDED_H

#include <linux/types.h>

/**
 * mm_hooks_discarded_judge() - are these pages untouched still?
 *
 * By what the guest has allocated since the first of them came back: see
 * pace_trusts().  The engines ask for none until the next call says so.
 *
 * Context: process, may sleep.
 */
void mm_hooks_discarded_judge(void);

/* Did any pages come back discarded?  Context: any, NMI included. */
bool mm_hooks_discarded_any(void);

/**
 * mm_hooks_discarded_has() - did pages come back discarded?
 * @pfn:   the first of them
 * @order: how many
 *
 * The guest may have used them since.
 *
 * Context: any, NMI included.
 * Return: whether all of them did.
 */
bool mm_hooks_discarded_has(unsigned long pfn, unsigned int order);

/**
 * mm_hooks_discarded_take() - is a report of free pages spared?
 * @pfn:   the first of them
 * @order: how many
 *
 * It is spared once: what becomes free there later was in use.
 *
 * Context: any.
 * Return: whether the host has discarded all of them.
 */
bool mm_hooks_discarded_take(unsigned long pfn, unsigned int order);

/**
 * mm_hooks_discarded_forget() - the host may hold all of them again
 *
 * Pages that a driver holds at this moment count as held by the host when they
 * come back.
 *
 * Context: any.
 */
void mm_hooks_discarded_forget(void);

/* At the exit of the module.  Context: process. */
void mm_hooks_discarded_exit(void);

#endif /* MM_HOOKS_DISCARDED_H */
