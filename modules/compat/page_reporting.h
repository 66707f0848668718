/* SPDX-License-Identifier: GPL-2.0-only */
/* The order with which a driver registers for page reporting, since v5.14. */
#ifndef VMHOOKS_COMPAT_PAGE_REPORTING_H
#define VMHOOKS_COMPAT_PAGE_REPORTING_H

#include <linux/page_reporting.h>
#include <linux/pageblock-flags.h>

/* Read in v7.3, where 0 is order 0.  In older kernels 0 leaves the order to the kernel. */
#ifndef PAGE_REPORTING_ORDER_UNSPECIFIED
#define PAGE_REPORTING_ORDER_UNSPECIFIED 0
#endif

/*
 * Kernels with large pages would report pageblocks of 32 or 512 MiB, and only while 32 of
 * them are free above the watermark.  Then @most applies, else what the kernel chooses.
 */
static inline void
vmhooks_page_reporting_set_order(struct page_reporting_dev_info *dev, unsigned int most)
{
#ifdef VMHOOKS_HAVE_PAGE_REPORTING_ORDER
	dev->order = most < pageblock_order ? most : PAGE_REPORTING_ORDER_UNSPECIFIED;
#endif
}

#endif /* VMHOOKS_COMPAT_PAGE_REPORTING_H */
