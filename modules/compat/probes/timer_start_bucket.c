// SPDX-License-Identifier: GPL-2.0-only
/* Read in v6.12: the expiry of the wheel bucket, without the flags. */
#include <trace/events/timer.h>

static void fn(void *data, struct timer_list *timer, unsigned long bucket_expiry)
{
}

void vmhooks_probe(void);
void vmhooks_probe(void)
{
	check_trace_callback_type_timer_start(fn);
}
