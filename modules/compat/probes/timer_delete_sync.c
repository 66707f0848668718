// SPDX-License-Identifier: GPL-2.0-only
/* v6.2, "timers: Rename del_timer_sync() to timer_delete_sync()" */
#include <linux/timer.h>

int vmhooks_probe(struct timer_list *timer);
int vmhooks_probe(struct timer_list *timer)
{
	return timer_delete_sync(timer);
}
