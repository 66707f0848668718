/* SPDX-License-Identifier: GPL-2.0-only */
/* alloc_contig_range() for the first pages of a free block, and the way back. */
#ifndef VMHOOKS_COMPAT_CONTIG_RANGE_H
#define VMHOOKS_COMPAT_CONTIG_RANGE_H

#include <linux/errno.h>
#include <linux/gfp.h>
#include <linux/mm.h>
#include <linux/mmzone.h>
#include <linux/page_ref.h>

/* Is it to be had? */
static inline bool vmhooks_has_contig(void)
{
#if defined(VMHOOKS_HAVE_CONTIG_RANGE_FLAGS) || \
	defined(VMHOOKS_HAVE_CONTIG_RANGE)
	return true;
#else
	return false;
#endif
}

/* Where the kernel wants to know a type, the pageblock gets it. */
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
 * In one piece: single pages would go to the list of this processor, and the
 * block around them would not merge.  Each has a reference of its own, a piece
 * has one for all.  Where somebody still looks at a page that was something
 * else before, that reference is his too, and all go one by one.
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
