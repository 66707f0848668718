// SPDX-License-Identifier: GPL-2.0-only
/* The walk for small blocks: which of them it takes, where it goes on and when it stops. */
#include "small_walk.h"

#include <linux/minmax.h>

bool mmh_small_is_due(const struct mmh_small_walk *w, const struct mmh_small_place *p)
{
	return p->is_free && !p->reported && p->order >= w->low && p->order < w->high;
}

/* A smaller block than @w->low may begin at a multiple of it, too. */
unsigned long mmh_small_next(struct mmh_small_walk *w, const struct mmh_small_place *p)
{
	unsigned int order = p->is_free ? max(p->order, w->low) : w->low;

	w->places -= min(w->places, 1UL);
	return ((p->pfn >> order) + 1) << order;
}

bool mmh_small_goes_on(struct mmh_small_walk *w, unsigned int ranges)
{
	w->cut |= ranges >= w->ranges || !w->places;
	return !w->cut;
}

void mmh_small_sent(struct mmh_small_walk *w, unsigned int ranges)
{
	w->ranges -= min(w->ranges, ranges);
}
