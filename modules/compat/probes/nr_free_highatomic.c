// SPDX-License-Identifier: GPL-2.0-only
/* Seen by v6.12: a zone counts what is free of its reserve for atomic allocations. */
#include <linux/mmzone.h>

unsigned long vmhooks_probe(const struct zone *zone);
unsigned long vmhooks_probe(const struct zone *zone)
{
	return zone->nr_free_highatomic;
}
