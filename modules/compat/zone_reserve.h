/* SPDX-License-Identifier: GPL-2.0-only */
/* Free pages of a zone's highatomic reserve. */
#ifndef VMHOOKS_COMPAT_ZONE_RESERVE_H
#define VMHOOKS_COMPAT_ZONE_RESERVE_H

#include <linux/mmzone.h>

/* Older kernels count the reserved pages only, and treat all of them as free. */
static inline unsigned long vmhooks_zone_reserve(const struct zone *zone)
{
#ifdef VMHOOKS_HAVE_NR_FREE_HIGHATOMIC
	return zone->nr_free_highatomic;
#else
	return zone->nr_reserved_highatomic;
#endif
}

#endif /* VMHOOKS_COMPAT_ZONE_RESERVE_H */
