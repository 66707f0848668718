// SPDX-License-Identifier: GPL-2.0-only
/* Where a pass through a zone is, and where the next one begins. */
#include "cursor.h"

#include <linux/align.h>
#include <linux/limits.h>
#include <linux/minmax.h>

struct mmh_cursor mmh_cursor_begin(unsigned long resume)
{
	return (struct mmh_cursor){
		.at = resume,
		.end = ULONG_MAX,
		.began = resume,
		.rationed = ULONG_MAX,
	};
}

bool mmh_cursor_wrap(struct mmh_cursor *c)
{
	c->at = 0;
	c->end = c->began;
	return c->began;
}

/* In the second half, what had to wait in the first one still comes first. */
void mmh_cursor_ration(struct mmh_cursor *c, unsigned long pfn)
{
	if (!mmh_cursor_has_rationed(c))
		c->rationed = pfn;
}

unsigned long mmh_cursor_resume(const struct mmh_cursor *c, unsigned long largest)
{
	if (!mmh_cursor_has_rationed(c))
		return 0;
	return ALIGN_DOWN(c->rationed, largest);
}
