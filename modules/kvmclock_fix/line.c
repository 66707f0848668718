// SPDX-License-Identifier: GPL-2.0-only
/* The line of a guest's clock, and how a new line goes on where the old one was. */
#include "line.h"

#include <linux/minmax.h>

s64 kf_publish_ns(const struct kf_line *shown, const struct kf_line *next,
		  s64 limit)
{
	s64 ns = max_t(s64, next->ns, 0);
	s64 least;

	if (!shown)
		return ns;
	least = kf_rebase_ns(shown, next);
	return least - ns > limit ? ns : max(ns, least);
}
