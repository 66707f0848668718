// SPDX-License-Identifier: GPL-2.0-only
/* Where a pass through a zone is, and where the next one begins. */
#include "cursor.h"

#include <linux/align.h>
#include <linux/limits.h>
#include <linux/minmax.h>

struct cursor cursor_begin(unsigned long resume)
{
	return (struct cursor){
		.at = resume,
		.end = ULONG_MAX,
		.began = resume,
		.rationed = ULONG_MAX,
	};
}

bool cursor_turn(struct cursor *c)
{
	c->at = 0;
	c->end = c->began;
	return c->began;
}

/* In the second half, what had to wait in the first one still comes first. */
void cursor_ration(struct cursor *c, unsigned long pfn)
{
	if (c->rationed == ULONG_MAX)
		c->rationed = pfn;
}

unsigned long cursor_resume(const struct cursor *c, unsigned long largest)
{
	if (c->rationed == ULONG_MAX)
		return 0;
	return ALIGN_DOWN(c->rationed, largest);
}
