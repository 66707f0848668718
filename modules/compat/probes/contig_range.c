// SPDX-License-Identifier: GPL-2.0-only
/* v5.8, "mm: Allow to offline unmovable PageOffline() pages via MEM_GOING_OFFLINE" and later:
 * exported for virtio-mem; depends on CONFIG_CONTIG_ALLOC.
 */
#include <linux/gfp.h>
#include <linux/mmzone.h>

int vmhooks_probe(unsigned long pfn);
int vmhooks_probe(unsigned long pfn)
{
	return alloc_contig_range(pfn, pfn + 1, MIGRATE_MOVABLE, GFP_KERNEL);
}
