// SPDX-License-Identifier: GPL-2.0-only
/* How large the balloon may be, and when to try again: decisions only. */
#include "target.h"

#include <linux/minmax.h>

unsigned int br_target(unsigned int asked, unsigned int held, u64 available,
		       u64 floor, bool inflate)
{
	u64 room = available > floor ? available - floor : 0;
	u64 most = inflate ? held + room : held;

	return asked < most ? asked : (unsigned int)most;
}

unsigned int br_backoff_ms(unsigned int failures)
{
	unsigned int doublings = min(failures - 1, 8U);

	return min_t(unsigned int, BR_BACKOFF_MS << doublings,
		     BR_BACKOFF_MAX_MS);
}
