/* SPDX-License-Identifier: GPL-2.0-only */
/* timer_delete_sync(), the name as of Linux 6.2. */
#ifndef VMHOOKS_COMPAT_TIMER_DELETE_H
#define VMHOOKS_COMPAT_TIMER_DELETE_H

#include <linux/timer.h>

#ifndef VMHOOKS_HAVE_TIMER_DELETE_SYNC
#define timer_delete_sync(timer) del_timer_sync(timer)
#endif

#endif /* VMHOOKS_COMPAT_TIMER_DELETE_H */
