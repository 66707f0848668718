// SPDX-License-Identifier: GPL-2.0-only
/*
 * slow_drain: drain the pcplists of zone DMA, slowly, again and again.
 *
 *   echo 1000 >/sys/module/slow_drain/parameters/drains
 *
 * does 1000 drains of a millisecond each.  Hardly any other drain can start in between.
 */
#include <linux/delay.h>
#include <linux/gfp.h>
#include <linux/mm.h>
#include <linux/mm_hooks.h>
#include <linux/module.h>
#include <linux/sched.h>
#include <linux/string.h>
#include <linux/tracepoint.h>
#include <trace/events/kmem.h>

static struct tracepoint *drained;
static struct task_struct *drainer;	/* one at a time, by the scenario */

static void on_drained(void *data, struct page *page, unsigned int order,
		       int migratetype)
{
	if (current == READ_ONCE(drainer))
		mdelay(1);
}

static void match_drained(struct tracepoint *tp, void *found)
{
	if (!strcmp(tp->name, "mm_page_pcpu_drain"))
		*(struct tracepoint **)found = tp;
}

/* Free a page to the pcplist of this CPU, then drain it. */
static int drain(void)
{
	struct page *page = alloc_page(GFP_KERNEL | GFP_DMA);
	struct zone *zone;

	if (!page)
		return -ENOMEM;
	zone = page_zone(page);
	__free_page(page);
	drain_all_pages(zone);
	return 0;
}

static int drains_set(const char *val, const struct kernel_param *kp)
{
	unsigned int drains;
	int err = kstrtouint(val, 0, &drains);

	if (err)
		return err;
	WRITE_ONCE(drainer, current);
	for (; drains && !err; drains--) {
		err = drain();
		cond_resched();
	}
	WRITE_ONCE(drainer, NULL);
	return err;
}

static const struct kernel_param_ops drains_ops = { .set = drains_set };
module_param_cb(drains, &drains_ops, NULL, 0200);
MODULE_PARM_DESC(drains, "How many drains of a millisecond to do");

static int __init slow_drain_init(void)
{
	for_each_kernel_tracepoint(match_drained, &drained);
	if (!drained)
		return -ENOENT;
	return tracepoint_probe_register(drained, (void *)on_drained, NULL);
}

static void __exit slow_drain_exit(void)
{
	tracepoint_probe_unregister(drained, (void *)on_drained, NULL);
	tracepoint_synchronize_unregister();
}

module_init(slow_drain_init);
module_exit(slow_drain_exit);
MODULE_DESCRIPTION("Keeps others from draining the pcplists, for tests");
MODULE_LICENSE("GPL");
