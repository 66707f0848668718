// SPDX-License-Identifier: GPL-2.0-only
/* Read in v5.10 to v6.1: the expiry and the flags of the timer. */
#include <trace/events/timer.h>

static void fn(void *data, struct timer_list *timer, unsigned long expires,
	       unsigned int flags)
{
}

void vmhooks_probe(void);
void vmhooks_probe(void)
{
	check_trace_callback_type_timer_start(fn);
}
