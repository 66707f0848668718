/* SPDX-License-Identifier: GPL-2.0-only */
/* NR_PAGE_ORDERS as of Linux 6.8, for kernels where MAX_ORDER is the number of orders. */
#ifndef VMHOOKS_COMPAT_PAGE_ORDERS_H
#define VMHOOKS_COMPAT_PAGE_ORDERS_H

#include <linux/mmzone.h>

#ifndef NR_PAGE_ORDERS
#define NR_PAGE_ORDERS MAX_ORDER
#endif

#endif /* VMHOOKS_COMPAT_PAGE_ORDERS_H */
