/* SPDX-License-Identifier: GPL-2.0-only */
/* NR_PAGE_ORDERS, the name as of Linux 6.8, for kernels on which MAX_ORDER says that. */
#ifndef VMHOOKS_COMPAT_PAGE_ORDERS_H
#define VMHOOKS_COMPAT_PAGE_ORDERS_H

#include <linux/mmzone.h>

#ifndef NR_PAGE_ORDERS
#define NR_PAGE_ORDERS MAX_ORDER
#endif

#endif /* VMHOOKS_COMPAT_PAGE_ORDERS_H */
