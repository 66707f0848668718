// SPDX-License-Identifier: GPL-2.0-only
/* Read in v6.12: a zone counts the free pages of its highatomic reserve. */
#include <linux/mmzone.h>

unsigned long vmhooks_probe(const struct zone *zone);
unsigned long vmhooks_probe(const struct zone *zone)
{
	return zone->nr_free_highatomic;
}
