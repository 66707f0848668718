// SPDX-License-Identifier: GPL-2.0-only
/* v5.14, "mm/page_reporting: allow driver to specify reporting order" */
#include <linux/page_reporting.h>

void vmhooks_probe(struct page_reporting_dev_info *prdev);
void vmhooks_probe(struct page_reporting_dev_info *prdev)
{
	prdev->order = 9;
}
