// SPDX-License-Identifier: GPL-2.0-only
/* v5.19, "mm: Convert all PageMovable users to movable_operations" and up to v6.18 */
#include <linux/balloon_compaction.h>

void vmhooks_probe(struct page *page);
void vmhooks_probe(struct page *page)
{
	balloon_page_finalize(page);
}
