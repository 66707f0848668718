// SPDX-License-Identifier: GPL-2.0-only
/*
 * v6.15, 32a0ee42ab92 "balloon_compaction: update the NR_BALLOON_PAGES state":
 * enqueue and dequeue count the balloon's pages.
 */
#include <linux/mm.h>
#include <linux/mmzone.h>
#include <linux/vmstat.h>

void vmhooks_probe(struct page *page);
void vmhooks_probe(struct page *page)
{
	inc_node_page_state(page, NR_BALLOON_PAGES);
}
