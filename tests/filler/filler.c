// SPDX-License-Identifier: GPL-2.0-only
/*
 * filler: use memory by writing one byte to each page.
 *
 * The kernel clears a program's pages, which takes minutes in a large guest without
 * hardware support.  This module does not, and the host backs its pages all the same.
 *
 *   echo 4096 >/sys/module/filler/parameters/mib	allocates 4 GiB
 *   echo 0 >/sys/module/filler/parameters/mib	frees all of it
 *
 * Reading the parameter returns what is allocated.
 *
 *   echo 9 >/sys/module/filler/parameters/atomic	allocates 2 MiB and frees it
 *
 * with GFP_ATOMIC.  When memory is short, the kernel then makes that pageblock
 * MIGRATE_HIGHATOMIC.
 */
#include <linux/gfp.h>
#include <linux/list.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/mutex.h>
#include <linux/sched.h>

/* Never in the pcplists. */
#define BLOCK_ORDER 10
#define BLOCK_MIB (PAGE_SIZE << BLOCK_ORDER >> 20)

static LIST_HEAD(blocks);
static DEFINE_MUTEX(lock);	/* blocks and held */
static unsigned int held;	/* MiB */

static void touch(struct page *page)
{
	unsigned int i;

	for (i = 0; i < 1U << BLOCK_ORDER; i++)
		WRITE_ONCE(*(char *)page_address(page + i), 1);
}

static int take(void)
{
	struct page *page = alloc_pages(GFP_KERNEL | __GFP_NORETRY |
					__GFP_NOWARN, BLOCK_ORDER);

	if (!page)
		return -ENOMEM;
	touch(page);
	list_add(&page->lru, &blocks);
	held += BLOCK_MIB;
	return 0;
}

static void give(void)
{
	struct page *page = list_first_entry(&blocks, struct page, lru);

	list_del(&page->lru);
	__free_pages(page, BLOCK_ORDER);
	held -= BLOCK_MIB;
}

static int hold(unsigned int mib)
{
	int err = 0;

	mutex_lock(&lock);
	while (!err && held + BLOCK_MIB <= mib) {
		err = take();
		cond_resched();
	}
	while (held > mib) {
		give();
		cond_resched();
	}
	mutex_unlock(&lock);
	return err;
}

static int mib_set(const char *val, const struct kernel_param *kp)
{
	unsigned int mib;
	int err = kstrtouint(val, 0, &mib);

	return err ?: hold(mib);
}

static int mib_get(char *buffer, const struct kernel_param *kp)
{
	return sprintf(buffer, "%u\n", held);
}

static const struct kernel_param_ops mib_ops = {
	.set = mib_set,
	.get = mib_get,
};
module_param_cb(mib, &mib_ops, NULL, 0644);
MODULE_PARM_DESC(mib, "MiB to hold, in blocks of 4");

static int atomic_set_order(const char *val, const struct kernel_param *kp)
{
	unsigned int order;
	struct page *page;
	int err = kstrtouint(val, 0, &order);

	if (err)
		return err;
	page = alloc_pages(GFP_ATOMIC | __GFP_NOWARN, order);
	if (!page)
		return -ENOMEM;
	__free_pages(page, order);
	return 0;
}

static const struct kernel_param_ops atomic_ops = { .set = atomic_set_order };
module_param_cb(atomic, &atomic_ops, NULL, 0200);
MODULE_PARM_DESC(atomic, "Order of the block to take without sleep, and to free");

static int __init filler_init(void)
{
	return 0;
}

static void __exit filler_exit(void)
{
	hold(0);
}

module_init(filler_init);
module_exit(filler_exit);
MODULE_DESCRIPTION("Uses memory without clearing it, for tests");
MODULE_LICENSE("GPL");
