// SPDX-License-Identifier: GPL-2.0-only
/* Between v6.19 and v7.0, and in backports: the core of v7.0 in the older header. */
#include <linux/balloon_compaction.h>

void vmhooks_probe(struct balloon_dev_info *info);
void vmhooks_probe(struct balloon_dev_info *info)
{
	balloon_devinfo_init(info);
	info->adjust_managed_page_count = true;
}
