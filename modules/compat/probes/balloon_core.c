// SPDX-License-Identifier: GPL-2.0-only
/* v7.0: <linux/balloon.h>, the core keeps the list and the page counts. */
#include <linux/balloon.h>

void vmhooks_probe(struct balloon_dev_info *info);
void vmhooks_probe(struct balloon_dev_info *info)
{
	balloon_devinfo_init(info);
	info->adjust_managed_page_count = true;
}
