/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Where a pass through a zone is, and where the next one begins: decisions, without
 * kernel state.  Places are page frames, so that they outlive a map.
 */
#ifndef MMH_CURSOR_H
#define MMH_CURSOR_H

#include <linux/limits.h>
#include <linux/types.h>

/**
 * struct mmh_cursor - a pass goes once round: from where it begins to the end, then
 * from the start to where it began
 * @at:	      where to go on
 * @end:      where this half of the round ends
 * @began:    where the pass began
 * @rationed: the first place that had to wait because enough small blocks were
 *	      reported, ULONG_MAX without any
 */
struct mmh_cursor {
	unsigned long at;
	unsigned long end;
	unsigned long began;
	unsigned long rationed;
};

/**
 * mmh_cursor_begin() - a new pass
 * @resume: what mmh_cursor_resume() said in the end of the last one, 0 for the first
 *
 * Return: a cursor.
 */
struct mmh_cursor mmh_cursor_begin(unsigned long resume);

/**
 * mmh_cursor_wrap() - the first half is through
 * @c: the cursor, moved to the start of the second half
 *
 * Return: is there a second half?
 */
bool mmh_cursor_wrap(struct mmh_cursor *c);

/**
 * mmh_cursor_ration() - a small block has to wait until more may be reported
 * @c:	 the cursor
 * @pfn: a page frame of it
 */
void mmh_cursor_ration(struct mmh_cursor *c, unsigned long pfn);

/* Did something have to wait? */
static inline bool mmh_cursor_has_rationed(const struct mmh_cursor *c)
{
	return c->rationed != ULONG_MAX;
}

/**
 * mmh_cursor_resume() - where the small blocks had to stop
 * @c:	     the cursor, at the end of the pass
 * @largest: pages of the largest block that there can be
 *
 * The block there may have grown when the next pass comes to it.  That pass takes
 * all of it at once, so it must not begin inside: what a full report has no place for
 * would be met again in the second half, while the block is in flight, and
 * seem to be in use.
 *
 * Return: where the next pass begins, a multiple of @largest.
 */
unsigned long mmh_cursor_resume(const struct mmh_cursor *c, unsigned long largest);

#endif /* MMH_CURSOR_H */
