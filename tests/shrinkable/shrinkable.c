// SPDX-License-Identifier: GPL-2.0-only
/*
 * shrinkable: allocate memory behind a shrinker, like the ARC of ZFS.
 *
 *   modprobe shrinkable mib=400	allocates 400 MiB
 *
 * Only the shrinker frees it, and MemAvailable does not count it.  Reading the parameter
 * returns what is allocated.
 */
#include <linux/gfp.h>
#include <linux/list.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/spinlock.h>

#include "shrinker.h"

#define PAGES_PER_MIB (1UL << (20 - PAGE_SHIFT))

static LIST_HEAD(pages);
static DEFINE_SPINLOCK(lock);	/* pages and held */
static unsigned long held;	/* pages */
static struct shrinker *shrinker;

static unsigned int mib;

static int mib_get(char *buffer, const struct kernel_param *kp)
{
	return sprintf(buffer, "%lu\n", READ_ONCE(held) / PAGES_PER_MIB);
}

static const struct kernel_param_ops mib_ops = {
	.set = param_set_uint,
	.get = mib_get,
};
module_param_cb(mib, &mib_ops, &mib, 0444);
MODULE_PARM_DESC(mib, "MiB to hold");

static bool give(void)
{
	struct page *page;

	spin_lock(&lock);
	page = list_first_entry_or_null(&pages, struct page, lru);
	if (page) {
		list_del(&page->lru);
		held--;
	}
	spin_unlock(&lock);
	if (page)
		__free_page(page);
	return page;
}

static unsigned long count(struct shrinker *unused, struct shrink_control *sc)
{
	return READ_ONCE(held) ?: SHRINK_EMPTY;
}

static unsigned long scan(struct shrinker *unused, struct shrink_control *sc)
{
	unsigned long n = 0;

	while (n < sc->nr_to_scan && give())
		n++;
	return n ?: SHRINK_STOP;
}

static int fill(void)
{
	unsigned long n;

	for (n = 0; n < mib * PAGES_PER_MIB; n++) {
		struct page *page = alloc_page(GFP_KERNEL | __GFP_NORETRY |
					       __GFP_NOWARN);

		if (!page)
			return -ENOMEM;
		spin_lock(&lock);
		list_add(&page->lru, &pages);
		held++;
		spin_unlock(&lock);
		cond_resched();
	}
	return 0;
}

static int __init shrinkable_init(void)
{
	int err = fill();

	if (err)
		goto empty;
	err = -ENOMEM;
	shrinker = shrinker_alloc(0, "shrinkable");
	if (!shrinker)
		goto empty;
	shrinker->count_objects = count;
	shrinker->scan_objects = scan;
	shrinker_register(shrinker);
	return 0;

empty:
	while (give())
		;
	return err;
}

static void __exit shrinkable_exit(void)
{
	shrinker_free(shrinker);
	while (give())
		cond_resched();
}

module_init(shrinkable_init);
module_exit(shrinkable_exit);
MODULE_DESCRIPTION("Holds memory behind a shrinker, for tests");
MODULE_LICENSE("GPL");
