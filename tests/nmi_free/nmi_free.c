// SPDX-License-Identifier: GPL-2.0-only
/*
 * nmi_free: free memory in NMI.
 *
 *   echo 20 >/sys/module/nmi_free/parameters/blocks	allocates 20 blocks of 4 MiB
 *
 * Each following NMI frees one of them.  QEMU injects the NMIs.  Reading the parameter
 * returns how many are left.  hooked returns how often the hook of the companion patch
 * was called in NMI.  If zone->lock was held, the kernel frees the block later, and calls
 * the hook there.
 */
#include <linux/atomic.h>
#include <linux/gfp.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/mutex.h>
#include <linux/preempt.h>
#include <linux/string.h>
#include <linux/tracepoint.h>
#include <trace/events/kmem.h>

#include <asm/nmi.h>

/* The hook is not called for the pcplists, which hold order 9 at most. */
#define BLOCK_ORDER 10
#define BLOCKS_MAX 256

static DEFINE_MUTEX(lock);	/* serialises allocation of the blocks */
static struct page *held[BLOCKS_MAX];
static atomic_t count = ATOMIC_INIT(0);
static atomic_t hooked = ATOMIC_INIT(0);
static struct tracepoint *hook;

static void on_free(void *data, struct zone *zone, unsigned long pfn,
		    unsigned int order)
{
	if (in_nmi())
		atomic_inc(&hooked);
}

static void match_hook(struct tracepoint *tp, void *found)
{
	if (!strcmp(tp->name, "mm_hooks_free_tp"))
		*(struct tracepoint **)found = tp;
}

static int on_nmi(unsigned int type, struct pt_regs *regs)
{
	int left = atomic_dec_if_positive(&count);

	if (left >= 0)
		free_pages_nolock(held[left], BLOCK_ORDER);
	return NMI_HANDLED;
}

/* Only memory that was written is backed by the host, so that its return is visible. */
static void touch(struct page *page)
{
	unsigned int i;

	for (i = 0; i < 1U << BLOCK_ORDER; i++)
		WRITE_ONCE(*(char *)page_address(page + i), 1);
}

static int hold(unsigned int blocks)
{
	struct page *page;
	int n;

	while ((n = atomic_read(&count)) < blocks) {
		page = alloc_pages(GFP_KERNEL, BLOCK_ORDER);
		if (!page)
			return -ENOMEM;
		touch(page);
		held[n] = page;
		/* An NMI in between has freed the blocks below: begin there. */
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

static int number_get(char *buffer, const struct kernel_param *kp)
{
	return sprintf(buffer, "%d\n", atomic_read((atomic_t *)kp->arg));
}

static const struct kernel_param_ops blocks_ops = {
	.set = blocks_set,
	.get = number_get,
};
module_param_cb(blocks, &blocks_ops, &count, 0644);
MODULE_PARM_DESC(blocks, "Blocks of 4 MiB to hold until NMIs free them (0 to 256)");

static const struct kernel_param_ops hooked_ops = { .get = number_get };
module_param_cb(hooked, &hooked_ops, &hooked, 0444);
MODULE_PARM_DESC(hooked, "How often the hook for freed memory was called in NMI");

static int __init nmi_free_init(void)
{
	int err;

	check_trace_callback_type_mm_hooks_free_tp(on_free);
	for_each_kernel_tracepoint(match_hook, &hook);
	if (!hook)
		return -ENOENT;
	err = tracepoint_probe_register(hook, (void *)on_free, NULL);
	if (err)
		return err;
	err = register_nmi_handler(NMI_LOCAL, on_nmi, 0, "nmi_free");
	if (err) {
		tracepoint_probe_unregister(hook, (void *)on_free, NULL);
		tracepoint_synchronize_unregister();
	}
	return err;
}

static void __exit nmi_free_exit(void)
{
	int left;

	unregister_nmi_handler(NMI_LOCAL, "nmi_free");
	tracepoint_probe_unregister(hook, (void *)on_free, NULL);
	tracepoint_synchronize_unregister();
	while ((left = atomic_dec_if_positive(&count)) >= 0)
		__free_pages(held[left], BLOCK_ORDER);
}

module_init(nmi_free_init);
module_exit(nmi_free_exit);
MODULE_DESCRIPTION("Frees memory in NMI, for tests");
MODULE_LICENSE("GPL");
