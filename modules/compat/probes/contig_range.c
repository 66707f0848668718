// SPDX-License-Identifier: GPL-2.0-only
/* Read in v5.10 to v6.12: exported with CONFIG_CONTIG_ALLOC, has a migrate type. */
#include <linux/gfp.h>
#include <linux/mmzone.h>

int vmhooks_probe(unsigned long pfn);
int vmhooks_probe(unsigned long pfn)
{
	return alloc_contig_range(pfn, pfn + 1, MIGRATE_MOVABLE, GFP_KERNEL);
}
