// SPDX-License-Identifier: GPL-2.0-only
/* v5.7, "mm: introduce Reported pages", with a public delayed_work and state */
#include <linux/page_reporting.h>
#include <linux/page-flags.h>

void vmhooks_probe(struct page_reporting_dev_info *prdev, struct page *page);
void vmhooks_probe(struct page_reporting_dev_info *prdev, struct page *page)
{
	struct delayed_work *work = &prdev->work;
	atomic_t *state = &prdev->state;

	if (work && atomic_read(state))
		__ClearPageReported(page);
}
