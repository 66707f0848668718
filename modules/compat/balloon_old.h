/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Up to v6.19 the driver keeps the list and the page counts itself.  These functions have
 * the names of the newer core and do its work.  Included by balloon_list.h only.
 */
#ifndef VMHOOKS_COMPAT_BALLOON_OLD_H
#define VMHOOKS_COMPAT_BALLOON_OLD_H

#include <linux/balloon_compaction.h>
#include "balloon_inode.h"

struct vmhooks_balloon_info {
	struct balloon_dev_info old;
	int (*migratepage)(struct vmhooks_balloon_info *info,
			   struct page *newpage, struct page *page,
			   enum migrate_mode mode);
	bool adjust_managed_page_count;
};

static inline void vmhooks_balloon_manage(struct vmhooks_balloon_info *info,
					  struct page *page, long n)
{
	if (info->adjust_managed_page_count)
		adjust_managed_page_count(page, n);
}

/* Exception: balloon_page_list_dequeue() subtracts the page itself. */
static inline void vmhooks_balloon_count(struct page *page, int n)
{
#ifdef VMHOOKS_HAVE_NR_BALLOON_PAGES
	mod_node_page_state(page_pgdat(page), NR_BALLOON_PAGES, n);
#endif
}

static inline void vmhooks_balloon_enqueue(struct vmhooks_balloon_info *info,
					   struct page *page)
{
	unsigned long flags;

	vmhooks_balloon_manage(info, page, -1);
	/* balloon_page_enqueue() has a BUG_ON() for a page that compaction still locks. */
	lock_page(page);
	spin_lock_irqsave(&info->old.pages_lock, flags);
	balloon_page_insert(&info->old, page);
	__count_vm_event(BALLOON_INFLATE);
	vmhooks_balloon_count(page, 1);
	spin_unlock_irqrestore(&info->old.pages_lock, flags);
	unlock_page(page);
}

/* Has compaction isolated a page, or does it still hold the lock of the list? */
static inline bool
vmhooks_balloon_isolated(struct vmhooks_balloon_info *info)
{
	unsigned long flags;
	bool isolated;

	spin_lock_irqsave(&info->old.pages_lock, flags);
	isolated = info->old.isolated_pages;
	spin_unlock_irqrestore(&info->old.pages_lock, flags);
	return isolated;
}

static inline size_t vmhooks_balloon_dequeue(struct vmhooks_balloon_info *info,
					     struct list_head *pages, size_t n)
{
	struct page *page;

	n = balloon_page_list_dequeue(&info->old, pages, n);
	list_for_each_entry(page, pages, lru)
		vmhooks_balloon_manage(info, page, 1);
	return n;
}

#ifdef CONFIG_BALLOON_COMPACTION
#ifndef VMHOOKS_HAVE_BALLOON_PAGE_FINALIZE
/* balloon_page_delete() does not touch the list if compaction has isolated the page. */
static inline void balloon_page_finalize(struct page *page)
{
	balloon_page_delete(page);
}
#endif

/* Both pages are locked.  -ENOENT: the old page was deflated without a new one. */
static inline int vmhooks_balloon_migrate(struct balloon_dev_info *old,
					  struct page *newpage,
					  struct page *page,
					  enum migrate_mode mode)
{
	struct vmhooks_balloon_info *info =
		container_of(old, struct vmhooks_balloon_info, old);
	int err = info->migratepage(info, newpage, page, mode);
	unsigned long flags;

	if (err && err != -ENOENT)
		return err;
	spin_lock_irqsave(&old->pages_lock, flags);
	if (!err) {
		get_page(newpage);
		vmhooks_balloon_manage(info, newpage, -1);
		balloon_page_insert(old, newpage);
		vmhooks_balloon_count(newpage, 1);
	}
	vmhooks_balloon_manage(info, page, 1);
	vmhooks_balloon_count(page, -1);
	balloon_page_finalize(page);
	/* After this the device may be removed, and @info freed. */
	old->isolated_pages--;
	__count_vm_event(err ? BALLOON_DEFLATE : BALLOON_MIGRATE);
	spin_unlock_irqrestore(&old->pages_lock, flags);
	put_page(page);
	return 0;
}
#endif

static inline void vmhooks_balloon_init(struct vmhooks_balloon_info *info)
{
	balloon_devinfo_init(&info->old);
#ifdef CONFIG_BALLOON_COMPACTION
	info->old.migratepage = vmhooks_balloon_migrate;
#endif
}

static inline int vmhooks_balloon_open(struct vmhooks_balloon_info *info)
{
	return vmhooks_balloon_inode_get(&info->old);
}

static inline void vmhooks_balloon_close(struct vmhooks_balloon_info *info)
{
	vmhooks_balloon_inode_put(&info->old);
}

#define balloon_dev_info vmhooks_balloon_info
#define balloon_devinfo_init vmhooks_balloon_init
#define balloon_page_enqueue vmhooks_balloon_enqueue
#define balloon_page_list_dequeue vmhooks_balloon_dequeue

#endif /* VMHOOKS_COMPAT_BALLOON_OLD_H */
