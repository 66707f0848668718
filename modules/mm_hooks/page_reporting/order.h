/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The lowest order of mm/page_reporting.c: the kernel's page_reporting_order.
 *
 * The administrator may write it, too.  What the administrator has written stays: the
 * module changes only the kernel's default and the values that it has written itself.
 */
#ifndef MMH_ORDER_H
#define MMH_ORDER_H

#include <linux/types.h>

/**
 * mmh_order_start() - look up the kernel's order, and decide whether to change it
 *
 * Call it behind page_reporting_register(), which sets the default.
 *
 * Context: process, may sleep.
 * Return: whether this kernel exports it.
 */
bool mmh_order_start(void);

/**
 * mmh_order_stop() - set the kernel's default again, unless the administrator has changed it
 *
 * Context: process, may sleep.
 */
void mmh_order_stop(void);

/**
 * mmh_order_follow() - the order while no pass for small blocks runs
 * @to: blocks of this order and above are found by a pass, and freeing one requests a
 *	pass
 *
 * Context: process, may sleep.
 * Return: whether it was written, or will be by mmh_order_raise(); otherwise the
 *	   administrator's order holds, or the kernel exports none.
 */
bool mmh_order_follow(unsigned int to);

/* The order from now until mmh_order_raise().  One caller at a time.  As above. */
bool mmh_order_lower(unsigned int to);

/* The end of mmh_order_lower(), whether it succeeded or not.  Context: as above. */
void mmh_order_raise(unsigned int to);

/* Does the module set the order?  Context: any. */
bool mmh_order_is_ours(void);

#endif /* MMH_ORDER_H */
