// SPDX-License-Identifier: GPL-2.0-only
/*
 * v7.0: the core keeps the list and the page counts.  The series that did this renamed
 * <linux/balloon_compaction.h> at its end, and a backport may stop before that.
 */
#if __has_include(<linux/balloon.h>)
#include <linux/balloon.h>
#else
#include <linux/balloon_compaction.h>
#endif

void vmhooks_probe(struct balloon_dev_info *info);
void vmhooks_probe(struct balloon_dev_info *info)
{
	balloon_devinfo_init(info);
	info->adjust_managed_page_count = true;
}
