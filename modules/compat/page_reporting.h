/* SPDX-License-Identifier: GPL-2.0-only */
/* Leave the order of what is reported to the kernel, as it spells that. */
#ifndef VMHOOKS_COMPAT_PAGE_REPORTING_H
#define VMHOOKS_COMPAT_PAGE_REPORTING_H

#include <linux/page_reporting.h>

/* Seen by v7.3; before it 0 means the same, and there 0 means single pages. */
#ifndef PAGE_REPORTING_ORDER_UNSPECIFIED
#define PAGE_REPORTING_ORDER_UNSPECIFIED 0
#endif

static inline void
vmhooks_page_reporting_default_order(struct page_reporting_dev_info *dev)
{
#ifdef VMHOOKS_HAVE_PAGE_REPORTING_ORDER
	dev->order = PAGE_REPORTING_ORDER_UNSPECIFIED;
#endif
}

#endif /* VMHOOKS_COMPAT_PAGE_REPORTING_H */
