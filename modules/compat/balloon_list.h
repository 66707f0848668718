/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The balloon's list of pages as of Linux 7.3.  The kernel keeps the list, and the driver
 * only exchanges a page with the device when compaction migrates it.
 */
#ifndef VMHOOKS_COMPAT_BALLOON_LIST_H
#define VMHOOKS_COMPAT_BALLOON_LIST_H

#include <linux/list.h>
#include <linux/mm.h>

#if defined(VMHOOKS_HAVE_BALLOON_CORE) || \
	defined(VMHOOKS_HAVE_BALLOON_CORE_EARLY)
#ifdef VMHOOKS_HAVE_BALLOON_CORE
#include <linux/balloon.h>
#else
#include <linux/balloon_compaction.h>
#endif

static inline int vmhooks_balloon_open(struct balloon_dev_info *info)
{
	return 0;
}

static inline void vmhooks_balloon_close(struct balloon_dev_info *info)
{
}

/* Has compaction isolated a page? */
static inline bool vmhooks_balloon_isolated(struct balloon_dev_info *info)
{
	return READ_ONCE(info->isolated_pages);
}

static inline struct page *balloon_page_pop(struct list_head *pages)
{
	struct page *page = list_first_entry_or_null(pages, struct page, lru);

	if (page)
		list_del(&page->lru);
	return page;
}

#elif defined(VMHOOKS_HAVE_BALLOON_PAGES_PRIVATE)
#include "balloon_old.h"
#else
#error "the balloon's list of pages has an unknown interface: see modules/compat/probed.log"
#endif

#endif /* VMHOOKS_COMPAT_BALLOON_LIST_H */
