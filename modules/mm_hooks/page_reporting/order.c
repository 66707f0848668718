// SPDX-License-Identifier: GPL-2.0-only
/*
 * The lowest order of mm/page_reporting.c: the kernel's page_reporting_order.
 *
 * The kernel exports the variable since v6.2.  A header of mm declares it, which modules do
 * not see.  So it is looked up by its name.
 */
#include "order.h"

#include <linux/compiler.h>
#include <linux/module.h>
#include <linux/mutex.h>
#include <linux/pageblock-flags.h>
#include <linux/printk.h>

#include "../settings.h"

extern unsigned int page_reporting_order;

static struct {
	struct mutex lock;	/* all below */
	unsigned int *kernel;	/* NULL: this kernel does not export it */
	unsigned int found;	/* the default, which mmh_order_stop() restores */
	unsigned int written;	/* the value that is the module's own */
	bool lowered;		/* by mmh_order_lower() */
	bool ours;		/* and read without it */
} order = {
	.lock = __MUTEX_INITIALIZER(order.lock),
};

/*
 * The default is not the administrator's setting.  It is the order of a pageblock, or that
 * with which this driver or the stock one registered.
 */
static void order_look(void)
{
	unsigned int value = READ_ONCE(*order.kernel);
	bool ours = value == pageblock_order || value == REPORT_ORDER_MAX;

	lockdep_assert_held(&order.lock);
	if (ours) {
		order.found = value;
		order.written = value;
	}
	WRITE_ONCE(order.ours, ours);
}

/* The administrator writes at any time, without a lock. */
static bool order_write(unsigned int to)
{
	unsigned int seen = cmpxchg(order.kernel, order.written, to);

	lockdep_assert_held(&order.lock);
	if (seen != order.written) {
		WRITE_ONCE(order.ours, false);
		pr_info("page_reporting_order=%u was set by hand and stays: write %u to let low_order decide\n",
			seen, order.found);
		return false;
	}
	order.written = to;
	return true;
}

bool mmh_order_start(void)
{
	bool exported;

	mutex_lock(&order.lock);
	order.kernel = symbol_get(page_reporting_order);
	if (order.kernel)
		order_look();
	exported = order.kernel;
	mutex_unlock(&order.lock);
	return exported;
}

void mmh_order_stop(void)
{
	mutex_lock(&order.lock);
	if (order.ours)
		order_write(order.found);
	WRITE_ONCE(order.ours, false);
	if (order.kernel)
		symbol_put(page_reporting_order);
	order.kernel = NULL;
	mutex_unlock(&order.lock);
}

/* Return: was it written? */
static bool order_set(unsigned int to)
{
	lockdep_assert_held(&order.lock);
	if (order.kernel && !order.ours)
		order_look();
	return order.ours && order_write(to);
}

bool mmh_order_follow(unsigned int to)
{
	bool set;

	mutex_lock(&order.lock);
	set = order.lowered ? order.ours : order_set(to);
	mutex_unlock(&order.lock);
	return set;
}

bool mmh_order_lower(unsigned int to)
{
	bool set;

	mutex_lock(&order.lock);
	order.lowered = true;
	set = order_set(to);
	mutex_unlock(&order.lock);
	return set;
}

void mmh_order_raise(unsigned int to)
{
	mutex_lock(&order.lock);
	order.lowered = false;
	order_set(to);
	mutex_unlock(&order.lock);
}

bool mmh_order_is_ours(void)
{
	return READ_ONCE(order.ours);
}
