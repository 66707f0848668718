// SPDX-License-Identifier: GPL-2.0-only
/*
 * nmi_free: free memory in NMI.
 *
 *   echo 20 >/sys/module/nmi_free/parameters/blocks	holds 20 blocks of 2 MiB
 *
 * Each NMI that follows frees one of them; reading the parameter tells how many
 * are held.  The NMIs come from outside.
 */
#include <linux/atomic.h>
#include <linux/gfp.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/mutex.h>

#include <asm/nmi.h>

#define BLOCK_ORDER 9
#define BLOCKS_MAX 256

static DEFINE_MUTEX(lock);	/* adding to what is held */
static struct page *held[BLOCKS_MAX];
static atomic_t count = ATOMIC_INIT(0);

static int on_nmi(unsigned int type, struct pt_regs *regs)
{
	int left = atomic_dec_if_positive(&count);

	if (left >= 0)
		free_pages_nolock(held[left], BLOCK_ORDER);
	return NMI_HANDLED;
}

static int hold(unsigned int blocks)
{
	struct page *page;
	int n;

	while ((n = atomic_read(&count)) < blocks) {
		page = alloc_pages(GFP_KERNEL, BLOCK_ORDER);
		if (!page)
			return -ENOMEM;
		held[n] = page;
		/* An NMI in between has taken what was below: begin there. */
		if (atomic_cmpxchg(&count, n, n + 1) != n)
			__free_pages(page, BLOCK_ORDER);
	}
	return 0;
}

static int blocks_set(const char *val, const struct kernel_param *kp)
{
	unsigned int blocks;
	int err = kstrtouint(val, 0, &blocks);

	if (err)
		return err;
	if (blocks > BLOCKS_MAX)
		return -ERANGE;
	mutex_lock(&lock);
	err = hold(blocks);
	mutex_unlock(&lock);
	return err;
}

static int blocks_get(char *buffer, const struct kernel_param *kp)
{
	return sprintf(buffer, "%d\n", atomic_read(&count));
}

static const struct kernel_param_ops blocks_ops = {
	.set = blocks_set,
	.get = blocks_get,
};
module_param_cb(blocks, &blocks_ops, NULL, 0644);
MODULE_PARM_DESC(blocks, "Blocks of 2 MiB to hold until NMIs free them (0 to 256)");

static int __init nmi_free_init(void)
{
	return register_nmi_handler(NMI_LOCAL, on_nmi, 0, "nmi_free");
}

static void __exit nmi_free_exit(void)
{
	int left;

	unregister_nmi_handler(NMI_LOCAL, "nmi_free");
	while ((left = atomic_dec_if_positive(&count)) >= 0)
		__free_pages(held[left], BLOCK_ORDER);
}

module_init(nmi_free_init);
module_exit(nmi_free_exit);
MODULE_DESCRIPTION("Frees memory in NMI, for tests");
MODULE_LICENSE("GPL");
