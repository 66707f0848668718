// SPDX-License-Identifier: GPL-2.0-only
/* Read in v7.3, not yet in v6.12: flags in place of the migrate type. */
#include <linux/gfp.h>

int vmhooks_probe(unsigned long pfn);
int vmhooks_probe(unsigned long pfn)
{
	return alloc_contig_range(pfn, pfn + 1, ACR_FLAGS_NONE, GFP_KERNEL);
}
