// SPDX-License-Identifier: GPL-2.0-only
/* What a device that ignores resets may use for ever: mm_hooks keeps it online. */
#include <linux/list.h>
#include <linux/mm.h>

#include <vmhooks/mm_hooks.h>

#include "balloon_report.h"

static void list_lose(const struct list_head *pages)
{
	const struct page *page;

	list_for_each_entry(page, pages, lru)
		mm_hooks_lose(page_to_pfn(page), 1);
}

void br_lose_pages(struct br_device *dev)
{
	const struct page *page;

	list_lose(&dev->lost);
	list_lose(&dev->inflate.pages);
	list_lose(&dev->deflate.pages);
	if (dev->deflate.moved)
		mm_hooks_lose(page_to_pfn(dev->deflate.moved), 1);
	list_for_each_entry(page, &dev->hint.pending, lru)
		mm_hooks_lose(page_to_pfn(page), 1UL << page_private(page));
}
