// SPDX-License-Identifier: GPL-2.0-only
/* v5.10 to v6.19: the driver's callback keeps the balloon's list itself */
#include <linux/balloon_compaction.h>

void vmhooks_probe(struct balloon_dev_info *info, struct page *page);
void vmhooks_probe(struct balloon_dev_info *info, struct page *page)
{
	balloon_devinfo_init(info);
	balloon_page_insert(info, page);
}
