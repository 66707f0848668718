/* SPDX-License-Identifier: GPL-2.0-only */
/* alloc_contig_range() for one page of a free block of no type in particular. */
#ifndef VMHOOKS_COMPAT_CONTIG_RANGE_H
#define VMHOOKS_COMPAT_CONTIG_RANGE_H

#include <linux/errno.h>
#include <linux/gfp.h>
#include <linux/mmzone.h>

/* Where the kernel wants to know a type, the blocks around the page get it. */
static inline int vmhooks_contig_page(unsigned long pfn, gfp_t gfp)
{
#if defined(VMHOOKS_HAVE_CONTIG_RANGE_FLAGS)
	return alloc_contig_range(pfn, pfn + 1, ACR_FLAGS_NONE, gfp);
#elif defined(VMHOOKS_HAVE_CONTIG_RANGE)
	return alloc_contig_range(pfn, pfn + 1, MIGRATE_MOVABLE, gfp);
#else
	return -EOPNOTSUPP;
#endif
}

static inline void vmhooks_free_contig_page(unsigned long pfn)
{
#ifdef VMHOOKS_HAVE_CONTIG_RANGE
	free_contig_range(pfn, 1);
#endif
}

#endif /* VMHOOKS_COMPAT_CONTIG_RANGE_H */
