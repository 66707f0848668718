// SPDX-License-Identifier: GPL-2.0-only
/* The kernel's reported flag, which remembers the small blocks that are reported. */
#include "small_flag.h"

#include <linux/errno.h>
#include <linux/kconfig.h>
#include <linux/mutex.h>
#include <linux/printk.h>

#include "../settings.h"
#include "page_reporting.h"

static DEFINE_MUTEX(flag_lock);	/* both below */
static bool flag_tried;
static bool flag_enabled;

/* A pass of the kernel's may begin two seconds after the registration, which ends before. */
static int flag_report(struct page_reporting_dev_info *dev, struct scatterlist *sg,
		       unsigned int nents)
{
	return -ECANCELED;
}

/*
 * The first registration enables the kernel's static key for good.  Where another driver is
 * registered, it has done so.
 */
static int flag_register(void)
{
	static struct page_reporting_dev_info dev = { .report = flag_report };
	int err;

	vmhooks_page_reporting_set_order(&dev, REPORT_ORDER_MAX);
	err = page_reporting_register(&dev);
	if (!err)
		page_reporting_unregister(&dev);
	return err == -EBUSY ? 0 : err;
}

static void flag_enable_locked(void)
{
	int err;

	lockdep_assert_held(&flag_lock);
	if (flag_tried)
		return;
	err = flag_register();
	if (err)
		pr_warn("no small blocks are reported: the kernel's page reporting refuses a driver (error %d)\n",
			err);
	flag_enabled = !err;
	flag_tried = true;
}

bool mmh_small_flag_enable(void)
{
	bool enabled;

	if (!IS_ENABLED(CONFIG_PAGE_REPORTING))
		return false;
	mutex_lock(&flag_lock);
	flag_enable_locked();
	enabled = flag_enabled;
	mutex_unlock(&flag_lock);
	return enabled;
}
