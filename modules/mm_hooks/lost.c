// SPDX-License-Identifier: GPL-2.0-only
/* Memory that a device which ignores resets may use for ever. */
#include <linux/list.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/mutex.h>
#include <linux/slab.h>

#include <vmhooks/mm_hooks.h>

#include "counters.h"
#include "hooks/hotplug.h"

struct lost_range {
	struct list_head node;
	unsigned long pfn;
	unsigned long pages;
};

static DEFINE_MUTEX(lost_lock);	/* the list; taken within the memory hotplug lock */
static LIST_HEAD(lost_ranges);

static bool lost_overlaps(unsigned long start, unsigned long end)
{
	const struct lost_range *range;
	bool overlaps = false;

	mutex_lock(&lost_lock);
	list_for_each_entry(range, &lost_ranges, node)
		overlaps |= range->pfn < end && start < range->pfn + range->pages;
	mutex_unlock(&lost_lock);
	return overlaps;
}

static int going_offline(unsigned long start, unsigned long end)
{
	if (!lost_overlaps(start, end))
		return 0;
	pr_warn_ratelimited("pfn range [%#lx-%#lx) stays online: a device that ignores resets may use pages of it\n",
			    start, end);
	return -EBUSY;
}

static struct mmh_hotplug_client hotplug = { .going_offline = going_offline };

static void lost_add(struct lost_range *range)
{
	bool first;

	mutex_lock(&lost_lock);
	first = list_empty(&lost_ranges);
	list_add(&range->node, &lost_ranges);
	mutex_unlock(&lost_lock);
	if (!first)
		return;
	__module_get(THIS_MODULE);
	if (mmh_hotplug_register(&hotplug))
		pr_err("offlining of lost memory is not refused\n");
}

/* The pages of a balloon often follow each other.  Return: is there nothing to add? */
static bool lost_extend(unsigned long pfn, unsigned long pages)
{
	struct lost_range *range;
	bool above, below;

	mutex_lock(&lost_lock);
	range = list_first_entry_or_null(&lost_ranges, struct lost_range, node);
	above = range && range->pfn + range->pages == pfn;
	below = range && pfn + pages == range->pfn;
	if (below)
		range->pfn = pfn;
	if (above || below)
		range->pages += pages;
	mutex_unlock(&lost_lock);
	return above || below;
}

void mmh_lose(unsigned long pfn, unsigned long pages)
{
	struct lost_range *range;

	mmh_count_add(lost_bytes, (u64)pages << PAGE_SHIFT);
	if (lost_extend(pfn, pages))
		return;
	range = kmalloc(sizeof(*range), GFP_KERNEL);
	if (!range) {
		pr_err("no memory to refuse the offlining of %lu lost pages at pfn %#lx\n",
		       pages, pfn);
		return;
	}
	range->pfn = pfn;
	range->pages = pages;
	lost_add(range);
}
EXPORT_SYMBOL_GPL(mmh_lose);
