// SPDX-License-Identifier: GPL-2.0-only
/*
 * The engine for stock kernels: mm/page_reporting.c finds the blocks, the pacer
 * says when.
 *
 * The kernel serves one user of page reporting, and this is it.  Its passes run
 * from a workqueue and call intree_report() with up to 32 blocks at a time,
 * which are off the free lists until it returns.
 */
#include "engine.h"

#include <linux/delay.h>
#include <linux/irq_work.h>
#include <linux/jiffies.h>
#include <linux/limits.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/mutex.h>
#include <linux/pageblock-flags.h>
#include <linux/printk.h>
#include <linux/sched/signal.h>
#include <linux/workqueue.h>

#include <vmhooks/mm_hooks.h>

#include "arming.h"
#include "chain.h"
#include "counters.h"
#include "discarded.h"
#include "drain.h"
#include "forget.h"
#include "pacer.h"
#include "page_reporting.h"

/* How long a detach lets the host finish before the reporter has to abort. */
#define INTREE_GRACE HZ
/* How long a forget waits for blocks that are out. */
#define INTREE_FORGET_WAIT (5 * HZ)

static int intree_report(struct page_reporting_dev_info *dev,
			 struct scatterlist *sg, unsigned int nents);

/*
 * reporter and stop_by change only in attach and detach, while no pass runs or
 * to end one.  run_lock keeps flush and forget away from both.  lowest_order is
 * the pass's.
 */
static struct page_reporting_dev_info dev = { .report = intree_report };
static struct mm_hooks_reporter *reporter;
static unsigned long stop_by;
static bool paced;
static unsigned int lowest_order = UINT_MAX;	/* that was ever reported */
static bool lost;	/* set once: the pass waits for ever, see intree_lose() */
static DEFINE_MUTEX(run_lock);

/*
 * When the pass returns the kernel puts its blocks back, and the host may write to
 * them at any time.  So it does not return, and nothing unloads its code.
 */
static void intree_lose(struct scatterlist *sg, unsigned int nents, u64 bytes)
{
	struct scatterlist *s;
	unsigned int i;

	/* mm_hooks_lose() does so too, but not without memory. */
	__module_get(THIS_MODULE);
	for_each_sg(sg, s, nents, i)
		mm_hooks_lose(page_to_pfn(sg_page(s)), s->length >> PAGE_SHIFT);
	pr_err("%llu KiB stay out of use, and the kernel's page reporting stays off, until the guest reboots\n",
	       bytes >> 10);
	/* Pairs with intree_wait_end(). */
	smp_store_release(&lost, true);
	for (;;) {
		set_current_state(TASK_IDLE);
		schedule();
	}
}

/*
 * Adds a block to @left, without the pageblocks at its ends that the host has
 * discarded: they came back from the balloon.
 *
 * Return: bytes that are left of it.
 */
static unsigned int intree_add(struct scatterlist *left, struct scatterlist *block)
{
	unsigned int order = min_t(unsigned int, pageblock_order,
				   get_order(block->length));
	unsigned long pfn = page_to_pfn(sg_page(block)), piece = 1UL << order;
	unsigned long end = pfn + (block->length >> PAGE_SHIFT);

	while (pfn < end && mm_hooks_discarded_take(pfn, order))
		pfn += piece;
	while (pfn < end && mm_hooks_discarded_take(end - piece, order))
		end -= piece;
	if (pfn < end)
		sg_set_page(left, pfn_to_page(pfn), (end - pfn) << PAGE_SHIFT, 0);
	return (end - pfn) << PAGE_SHIFT;
}

/* Reports what the host has not discarded yet.  Return: 0 or an error. */
static int intree_report_left(struct scatterlist *sg, unsigned int nents,
			      u64 bytes)
{
	static struct scatterlist left[PAGE_REPORTING_CAPACITY];
	unsigned int i, n = 0;
	struct scatterlist *s;
	u64 rest = 0;
	int err = 0;

	sg_init_table(left, PAGE_REPORTING_CAPACITY);
	for_each_sg(sg, s, nents, i) {
		unsigned int part = intree_add(&left[n], s);

		rest += part;
		n += part > 0;
	}
	if (n)
		err = mm_hooks_chain_report(reporter, left, n, &stop_by);
	if (!err)
		mm_hooks_pacer_discarded(bytes - rest);
	if (n)
		mm_hooks_pacer_reported(rest, err);
	return err;
}

static int intree_report(struct page_reporting_dev_info *dev,
			 struct scatterlist *sg, unsigned int nents)
{
	struct scatterlist *s;
	unsigned int i;
	u64 bytes = 0;
	int err;

	for_each_sg(sg, s, nents, i) {
		bytes += s->length;
		lowest_order = min_t(unsigned int, lowest_order,
				     get_order(s->length));
	}
	mm_hooks_pacer_out(bytes);
	err = intree_report_left(sg, nents, bytes);
	mm_hooks_pacer_out(-(s64)bytes);
	if (err == MM_HOOKS_LOST)
		intree_lose(sg, nents, bytes);
	if (!err)
		mm_hooks_drain_soon();
	return err;
}

/*
 * Queue the pass where the kernel queues it: a work item on two queues could
 * run twice at a time.  Before the first delay the kernel has not said where.
 */
static void intree_go(void)
{
	mod_delayed_work(dev.work.wq ?: system_freezable_wq, &dev.work, 0);
}

/* One that the pacer has let go since is none of ours; it does so under its lock. */
static bool intree_take(void)
{
	return timer_pending(&dev.work.timer) && cancel_delayed_work(&dev.work);
}

/* The kernel has put a pass off: take it off its timer and ask the pacer. */
static void intree_armed(struct irq_work *work)
{
	mm_hooks_pacer_take_over(intree_take);
}

static struct irq_work armed_work;

static int intree_attach_locked(struct mm_hooks_reporter *rep)
{
	int err;

	lockdep_assert_held(&run_lock);
	reporter = rep;
	WRITE_ONCE(stop_by, 0);
	init_irq_work(&armed_work, intree_armed);
	err = mm_hooks_arming_attach(&dev.work.timer, &armed_work);
	paced = !err;
	if (err)
		pr_warn("delay_ms has no effect, a report waits for the kernel's own delay: no timer_start tracepoint (error %d)\n",
			err);
	vmhooks_page_reporting_default_order(&dev);
	err = mm_hooks_drain_start();
	if (err)
		goto detach_arming;
	err = page_reporting_register(&dev);
	if (err)
		goto stop_drain;
	/* The work is ready only now; the kernel has armed it. */
	mm_hooks_pacer_start(intree_go, true);
	if (paced)
		intree_armed(&armed_work);
	return 0;
stop_drain:
	mm_hooks_drain_stop();
detach_arming:
	mm_hooks_arming_detach();
	reporter = NULL;
	return err;
}

static int intree_attach(struct mm_hooks_reporter *rep)
{
	int err;

	mutex_lock(&run_lock);
	err = READ_ONCE(lost) ? -EBUSY : intree_attach_locked(rep);
	mutex_unlock(&run_lock);
	if (err == -EBUSY && !READ_ONCE(lost))
		pr_err("another driver holds the kernel's page reporting: unbind its balloon device, then load again\n");
	return err;
}

static void intree_stop_by(unsigned long patience)
{
	/* Never 0, which means go on. */
	WRITE_ONCE(stop_by, (jiffies + patience) | 1);
}

static int intree_settle(unsigned int timeout_ms)
{
	unsigned long deadline = jiffies + msecs_to_jiffies(timeout_ms);

	/* Far beyond the deadline: nothing is aborted. */
	intree_stop_by(LONG_MAX / 2);
	while (work_busy(&dev.work.work) & WORK_BUSY_RUNNING) {
		if (time_after(jiffies, deadline)) {
			WRITE_ONCE(stop_by, 0);
			return -EBUSY;
		}
		usleep_range(1000, 2000);
	}
	return 0;
}

/* Waits for the pass, unless it waits for ever. */
static void intree_wait_end(void)
{
	lockdep_assert_held(&run_lock);
	/* Pairs with intree_lose(). */
	while (!smp_load_acquire(&lost) &&
	       work_busy(&dev.work.work) & WORK_BUSY_RUNNING)
		usleep_range(1000, 2000);
	if (!READ_ONCE(lost))
		page_reporting_unregister(&dev);
}

static void intree_detach(void)
{
	intree_stop_by(INTREE_GRACE);
	mutex_lock(&run_lock);
	mm_hooks_arming_detach();
	mm_hooks_pacer_stop();
	intree_wait_end();
	mm_hooks_drain_stop();
	reporter = NULL;
	mutex_unlock(&run_lock);
}

/* Is a pass, or a drain, on its way or running? */
static bool intree_busy(void)
{
	return mm_hooks_drain_is_due() || mm_hooks_work_is_due(&dev.work);
}

static int intree_wait_signal(unsigned long deadline, bool fatal)
{
	while (intree_busy()) {
		if (READ_ONCE(stop_by))
			return -ENODEV;
		if (fatal ? fatal_signal_pending(current) :
			    signal_pending(current))
			return -EINTR;
		if (time_after(jiffies, deadline))
			return -ETIMEDOUT;
		usleep_range(1000, 2000);
	}
	return 0;
}

static int intree_wait(unsigned long deadline)
{
	return intree_wait_signal(deadline, false);
}

static int intree_pass(unsigned long deadline)
{
	lockdep_assert_held(&run_lock);
	mm_hooks_pacer_run();
	return intree_wait(deadline);
}

/*
 * A pass reports a share of each list, so only one that finds nothing is the
 * last.
 */
static int intree_flush_locked(unsigned long deadline)
{
	s64 bytes, errors;
	int err;

	if (!reporter)
		return -ENODEV;
	mm_hooks_drain_flush();
	err = intree_wait(deadline);
	if (err)
		return err;
	do {
		bytes = atomic64_read(&mm_hooks_counters.reported_bytes);
		errors = atomic64_read(&mm_hooks_counters.report_errors);
		err = intree_pass(deadline);
		if (!err && READ_ONCE(stop_by))
			err = -ENODEV;
		if (!err && errors !=
		    atomic64_read(&mm_hooks_counters.report_errors))
			err = -EIO;
	} while (!err &&
		 bytes != atomic64_read(&mm_hooks_counters.reported_bytes));
	return err;
}

static int intree_flush(unsigned int timeout_ms)
{
	unsigned long deadline = jiffies + msecs_to_jiffies(timeout_ms);
	int err;

	/* Whoever holds it may have asked for more time. */
	while (!mutex_trylock(&run_lock)) {
		if (signal_pending(current))
			return -EINTR;
		if (time_after(jiffies, deadline))
			return -ETIMEDOUT;
		usleep_range(1000, 2000);
	}
	err = intree_flush_locked(deadline);
	mutex_unlock(&run_lock);
	return err;
}

/*
 * Blocks that are out now come back marked, so once more when they are back;
 * but no longer than the host may take.  They may come back while the first walk
 * goes on, behind it.  A pass that only waits for a worker has none, and the
 * worker may be frozen.
 */
static int intree_forget_locked(void)
{
	bool out = work_busy(&dev.work.work) & WORK_BUSY_RUNNING;
	int err = 0;

	lockdep_assert_held(&run_lock);
	mm_hooks_forget_blocks(lowest_order);
	if (out) {
		err = intree_wait_signal(jiffies + INTREE_FORGET_WAIT, true);
		mm_hooks_forget_blocks(lowest_order);
	}
	mm_hooks_pacer_forget();
	mm_hooks_count(forgets);
	mm_hooks_pacer_run();
	return err;
}

static int intree_forget(void)
{
	int err = mutex_lock_killable(&run_lock);

	if (err)
		return err;
	err = reporter ? intree_forget_locked() : -ENODEV;
	mutex_unlock(&run_lock);
	return err;
}

static u32 intree_caps(void)
{
	return MM_HOOKS_CAP_REPORT | MM_HOOKS_CAP_FLUSH | MM_HOOKS_CAP_FORGET |
	       (paced ? MM_HOOKS_CAP_PACED : 0);
}

static const struct mm_hooks_engine intree = {
	.name = "intree",
	.what = "the kernel's page reporting, paced by delay_ms",
	.caps = intree_caps,
	.attach = intree_attach,
	.settle = intree_settle,
	.detach = intree_detach,
	.flush = intree_flush,
	.forget = intree_forget,
};

const struct mm_hooks_engine *const mm_hooks_intree = &intree;
