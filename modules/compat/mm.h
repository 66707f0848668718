/* SPDX-License-Identifier: GPL-2.0-only */
/* Names and helpers of mm as of Linux 6.12. */
#ifndef VMHOOKS_COMPAT_MM_H
#define VMHOOKS_COMPAT_MM_H

#include <linux/mm.h>
#include <linux/mmzone.h>

/* The length of the array is the number of orders.  The meaning of MAX_ORDER has changed. */
#ifndef NR_PAGE_ORDERS
#define NR_PAGE_ORDERS ((unsigned int)ARRAY_SIZE(((struct zone *)0)->free_area))
#endif
#ifndef MAX_PAGE_ORDER
#define MAX_PAGE_ORDER (NR_PAGE_ORDERS - 1)
#endif

#ifndef VMHOOKS_HAVE_POISONING_STATIC
static inline bool page_poisoning_enabled_static(void)
{
	return page_poisoning_enabled();
}
#endif

#endif /* VMHOOKS_COMPAT_MM_H */
