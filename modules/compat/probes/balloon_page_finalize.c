// SPDX-License-Identifier: GPL-2.0-only
/* Read in v6.1 and v6.12; v5.10 has balloon_page_delete() in its place. */
#include <linux/balloon_compaction.h>

void vmhooks_probe(struct page *page);
void vmhooks_probe(struct page *page)
{
	balloon_page_finalize(page);
}
