/* SPDX-License-Identifier: GPL-2.0-only */
/* alloc_contig_range() for the first pages of a free block, and freeing them. */
#ifndef VMHOOKS_COMPAT_CONTIG_RANGE_H
#define VMHOOKS_COMPAT_CONTIG_RANGE_H

#include <linux/errno.h>
#include <linux/gfp.h>
#include <linux/mm.h>
#include <linux/mmzone.h>
#include <linux/page_ref.h>

/* Is alloc_contig_range() available to modules? */
static inline bool vmhooks_has_contig(void)
{
#if defined(VMHOOKS_HAVE_CONTIG_RANGE_FLAGS) || \
	defined(VMHOOKS_HAVE_CONTIG_RANGE)
	return true;
#else
	return false;
#endif
}

/* Where the kernel has a parameter for a migrate type, the pageblock gets that type. */
static inline int vmhooks_take_contig(unsigned long pfn, unsigned long pages)
{
#if defined(VMHOOKS_HAVE_CONTIG_RANGE_FLAGS)
	return alloc_contig_range(pfn, pfn + pages, ACR_FLAGS_NONE, GFP_KERNEL);
#elif defined(VMHOOKS_HAVE_CONTIG_RANGE)
	return alloc_contig_range(pfn, pfn + pages, MIGRATE_MOVABLE,
				  GFP_KERNEL);
#else
	return -EOPNOTSUPP;
#endif
}

/*
 * Frees the pages as one block.  Single pages would go to the pcplist of this CPU and would not
 * merge.  Each page has a reference of its own, and a block has only one.  A page may have
 * an elevated reference count, for example from a speculative lookup.  Then all pages are
 * freed one by one.
 */
static inline void vmhooks_give_contig(unsigned long pfn, unsigned int order)
{
	struct page *page = pfn_to_page(pfn);
	unsigned int i, n;

	for (n = 1; n < 1U << order; n++)
		if (!page_ref_freeze(page + n, 1))
			break;
	if (n == 1U << order) {
		__free_pages(page, order);
		return;
	}
	for (i = 1; i < n; i++)
		page_ref_unfreeze(page + i, 1);
	for (i = 0; i < 1U << order; i++)
		__free_page(page + i);
}

#endif /* VMHOOKS_COMPAT_CONTIG_RANGE_H */
