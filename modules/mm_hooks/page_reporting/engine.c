// SPDX-License-Identifier: GPL-2.0-only
/*
 * The engine for stock kernels: mm/page_reporting.c finds the blocks, the pacer
 * says when.
 *
 * The kernel serves one user of page reporting, and this is it.  Its passes run
 * from a workqueue and call reporting_report() with up to 32 blocks at a time,
 * which are isolated until it returns.
 */
#include "../engine.h"

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

#include "../counters.h"
#include "../forget.h"
#include "../hooks/timer_probe.h"
#include "../pace/low_work.h"
#include "../pace/pacer.h"
#include "../report.h"
#include "../settings.h"
#include "drain.h"
#include "order.h"
#include "page_reporting.h"
#include "send.h"
#include "work.h"

/* How long a detach lets the host finish before the reporter has to abort. */
#define REPORTING_GRACE HZ
/* How long a forget waits for blocks in flight, and a pass for small blocks. */
#define REPORTING_FORGET_WAIT (5 * HZ)
#define REPORTING_LOW_WAIT (5 * HZ)

static int reporting_report(struct page_reporting_dev_info *dev,
			    struct scatterlist *sg, unsigned int nents);

/*
 * reporter changes only in attach and detach, while no pass runs.  run_lock keeps
 * flush and forget away from both.
 */
static struct page_reporting_dev_info dev = { .report = reporting_report };
static struct mmh_reporter *reporter;
static bool paced;
static atomic_t low_ration = ATOMIC_INIT(0);	/* reports of small blocks */
static bool low_cut;	/* more were found */
static bool lost;	/* set once: the pass waits for ever, see reporting_lose() */
static DEFINE_MUTEX(run_lock);

/*
 * When the pass returns the kernel puts its blocks back, and the host may write to
 * them at any time.  So it does not return, and nothing unloads its code.
 */
static void reporting_lose(struct scatterlist *sg, unsigned int nents, u64 bytes)
{
	struct scatterlist *s;
	unsigned int i;

	/* mmh_lose() does so too, but not without memory. */
	__module_get(THIS_MODULE);
	for_each_sg(sg, s, nents, i)
		mmh_lose(page_to_pfn(sg_page(s)), s->length >> PAGE_SHIFT);
	pr_err("%llu KiB stay out of use, and the kernel's page reporting stays off, until the guest reboots\n",
	       bytes >> 10);
	/* Pairs with reporting_wait_end(). */
	smp_store_release(&lost, true);
	for (;;) {
		set_current_state(TASK_IDLE);
		schedule();
	}
}

/*
 * Small blocks come first, and the pass ends here where their ration is used up.  Where
 * page_reporting_order was set by hand, it is the only rule.
 */
static bool reporting_may_report(struct scatterlist *sg, unsigned int nents)
{
	if (!mmh_order_is_ours() || !mmh_blocks_are_small(sg, nents) ||
	    atomic_add_unless(&low_ration, -1, 0))
		return true;
	WRITE_ONCE(low_cut, true);
	return false;
}

static int reporting_report(struct page_reporting_dev_info *dev,
			    struct scatterlist *sg, unsigned int nents)
{
	struct scatterlist *s;
	unsigned int i;
	u64 bytes = 0;
	int err;

	if (!reporting_may_report(sg, nents))
		return -EAGAIN;
	for_each_sg(sg, s, nents, i) {
		bytes += s->length;
		mmh_forget_note(get_order(s->length));
	}
	mmh_pacer_account_isolated(bytes);
	err = mmh_send_blocks(sg, nents, bytes);
	mmh_pacer_account_isolated(-(s64)bytes);
	if (err == MMH_LOST)
		reporting_lose(sg, nents, bytes);
	if (!err) {
		mmh_drain_soon();
		mmh_low_soon();
	}
	return err;
}

/*
 * Queue the pass where the kernel queues it: a work item on two queues could
 * run twice at a time.  Before the first delay the kernel has not said where.
 */
static void reporting_go(void)
{
	mod_delayed_work(dev.work.wq ?: system_freezable_wq, &dev.work, 0);
}

/* A pass without a timer was started meanwhile: it runs. */
static bool reporting_take(void)
{
	return timer_pending(&dev.work.timer) && cancel_delayed_work(&dev.work);
}

/* The kernel has put a pass off: take it off its timer and ask the pacer. */
static void reporting_armed(struct irq_work *work)
{
	mmh_pacer_request(0);
}

static const struct mmh_pacer_ops pacer_ops = {
	.run = reporting_go,
	.take = reporting_take,
};

static struct irq_work armed_work;

static bool reporting_pass_busy(void)
{
	return mmh_work_is_due(&dev.work);
}

/* Is a pass, or a drain, on its way or running? */
static bool reporting_busy(void)
{
	return mmh_drain_is_due() || reporting_pass_busy();
}

static int reporting_wait_while(bool (*busy)(void), unsigned long deadline, bool fatal)
{
	while (busy()) {
		if (mmh_reports_are_stopped())
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

static int reporting_wait_signal(unsigned long deadline, bool fatal)
{
	return reporting_wait_while(reporting_busy, deadline, fatal);
}

static int reporting_wait(unsigned long deadline)
{
	return reporting_wait_signal(deadline, false);
}

static int reporting_wait_pass(unsigned long deadline)
{
	return reporting_wait_while(reporting_pass_busy, deadline, false);
}

static s64 reported_bytes(void)
{
	return atomic64_read(&mmh_counters.reported.bytes);
}

/* A pass of the kernel ends after a sixteenth of each list. */
static int low_passes(void)
{
	unsigned long deadline = jiffies + REPORTING_LOW_WAIT;
	s64 before;
	int err;

	mmh_pacer_judge_discarded();
	do {
		before = reported_bytes();
		mmh_count(passes);
		reporting_go();
		err = reporting_wait_pass(deadline);
	} while (!err && !READ_ONCE(low_cut) && reported_bytes() != before);
	return err;
}

static int low_run_locked(const struct mmh_low_pass *pass, struct mmh_low_result *result)
{
	s64 before = reported_bytes();
	int err = -EPERM;

	lockdep_assert_held(&run_lock);
	if (!reporter || mmh_reports_are_stopped())
		return -ENODEV;
	if (mmh_order_lower(pass->order)) {
		WRITE_ONCE(low_cut, false);
		atomic_set(&low_ration, pass->reports);
		err = low_passes();
		atomic_set(&low_ration, 0);
	}
	mmh_order_raise(mmh_report_order());
	result->bytes = reported_bytes() - before;
	result->cut = READ_ONCE(low_cut);
	return err;
}

/* A flush or a forget has the lock for long, and a detach waits for this. */
static int reporting_low_run(const struct mmh_low_pass *pass, struct mmh_low_result *result)
{
	int err = -EBUSY;

	if (mutex_trylock(&run_lock)) {
		err = low_run_locked(pass, result);
		mutex_unlock(&run_lock);
	}
	return err;
}

/* Whatever happens to page_reporting_order meanwhile is noticed here. */
static bool reporting_low_follow(void)
{
	return mmh_order_follow(mmh_report_order());
}

static const struct mmh_low_ops low_ops = {
	.follow = reporting_low_follow,
	.run = reporting_low_run,
};

static int reporting_attach_locked(struct mmh_reporter *rep)
{
	int err;

	lockdep_assert_held(&run_lock);
	reporter = rep;
	mmh_reports_start(rep);
	mmh_send_start();
	init_irq_work(&armed_work, reporting_armed);
	err = mmh_timer_probe_register(&dev.work.timer, &armed_work);
	paced = !err;
	if (err)
		pr_warn("delay_ms has no effect, a report waits for the kernel's own delay: no timer_start tracepoint (error %d)\n",
			err);
	vmhooks_page_reporting_set_order(&dev, REPORT_ORDER_MAX);
	err = mmh_drain_start();
	if (err)
		goto unregister_probe;
	err = page_reporting_register(&dev);
	if (err)
		goto stop_drain;
	/* The work is ready only now; the kernel has armed it. */
	mmh_pacer_start(&pacer_ops, true);
	if (paced)
		reporting_armed(&armed_work);
	if (mmh_order_start())
		mmh_low_start(&low_ops);
	return 0;
stop_drain:
	mmh_drain_stop();
unregister_probe:
	mmh_timer_probe_unregister();
	reporter = NULL;
	return err;
}

static int reporting_attach(struct mmh_reporter *rep)
{
	int err;

	mutex_lock(&run_lock);
	err = READ_ONCE(lost) ? -EBUSY : reporting_attach_locked(rep);
	mutex_unlock(&run_lock);
	if (err == -EBUSY && !READ_ONCE(lost))
		pr_err("another driver holds the kernel's page reporting: unbind its balloon device, then load again\n");
	return err;
}

static int reporting_settle(unsigned int timeout_ms)
{
	unsigned long deadline = jiffies + msecs_to_jiffies(timeout_ms);

	/* Far beyond the deadline: nothing is aborted. */
	mmh_reports_stop(LONG_MAX / 2);
	while (work_busy(&dev.work.work) & WORK_BUSY_RUNNING) {
		if (time_after(jiffies, deadline)) {
			mmh_reports_stop(0);
			return -EBUSY;
		}
		usleep_range(1000, 2000);
	}
	return 0;
}

/* Waits for the pass, unless it waits for ever. */
static void reporting_wait_end(void)
{
	lockdep_assert_held(&run_lock);
	/* Pairs with reporting_lose(). */
	while (!smp_load_acquire(&lost) &&
	       work_busy(&dev.work.work) & WORK_BUSY_RUNNING)
		usleep_range(1000, 2000);
	if (!READ_ONCE(lost))
		page_reporting_unregister(&dev);
}

static void reporting_detach(void)
{
	mmh_reports_stop(REPORTING_GRACE);
	mutex_lock(&run_lock);
	mmh_timer_probe_unregister();
	mmh_pacer_stop();
	reporting_wait_end();
	mmh_drain_stop();
	mmh_low_stop();
	mmh_order_stop();
	reporter = NULL;
	mutex_unlock(&run_lock);
}

static int reporting_pass(unsigned long deadline)
{
	lockdep_assert_held(&run_lock);
	mmh_pacer_run();
	return reporting_wait(deadline);
}

/*
 * A pass reports a share of each list, so only one that finds nothing is the
 * last.
 */
static int reporting_flush_passes(unsigned long deadline)
{
	s64 bytes, errors;
	int err;

	mmh_drain_flush();
	err = reporting_wait(deadline);
	if (err)
		return err;
	do {
		bytes = reported_bytes();
		errors = atomic64_read(&mmh_counters.reported.errors);
		err = reporting_pass(deadline);
		if (!err && mmh_reports_are_stopped())
			err = -ENODEV;
		if (!err && errors !=
		    atomic64_read(&mmh_counters.reported.errors))
			err = -EIO;
	} while (!err && bytes != reported_bytes());
	return err;
}

/* Small blocks too, whatever their age. */
static int reporting_flush_locked(unsigned long deadline)
{
	bool low;
	int err;

	if (!reporter)
		return -ENODEV;
	low = mmh_order_lower(mmh_low_order());
	atomic_set(&low_ration, low ? INT_MAX : 0);
	err = reporting_flush_passes(deadline);
	atomic_set(&low_ration, 0);
	mmh_order_raise(mmh_report_order());
	if (low && !err)
		mmh_low_restart(true);
	return err;
}

static int reporting_flush(unsigned int timeout_ms)
{
	unsigned long deadline = jiffies + msecs_to_jiffies(timeout_ms);
	int err;

	/* The holder may have a later deadline. */
	while (!mutex_trylock(&run_lock)) {
		if (signal_pending(current))
			return -EINTR;
		if (time_after(jiffies, deadline))
			return -ETIMEDOUT;
		usleep_range(1000, 2000);
	}
	err = reporting_flush_locked(deadline);
	mutex_unlock(&run_lock);
	return err;
}

/*
 * Blocks in flight are put back as reported, so there is a second walk after that, within
 * a bound.  They may be put back behind the first walk while it goes on.  A pass that
 * only waits for a worker has none, and the worker may be frozen.
 */
static int reporting_forget_locked(void)
{
	bool running = work_busy(&dev.work.work) & WORK_BUSY_RUNNING;
	int err = 0;

	lockdep_assert_held(&run_lock);
	mmh_forget_blocks();
	if (running) {
		err = reporting_wait_signal(jiffies + REPORTING_FORGET_WAIT, true);
		mmh_forget_blocks();
	}
	mmh_pacer_forget();
	mmh_send_forget();
	mmh_low_restart(false);
	mmh_count(forgets);
	mmh_pacer_run();
	return err;
}

static int reporting_forget(void)
{
	int err = mutex_lock_killable(&run_lock);

	if (err)
		return err;
	err = reporter ? reporting_forget_locked() : -ENODEV;
	mutex_unlock(&run_lock);
	return err;
}

static u32 reporting_caps(void)
{
	return MMH_CAP_REPORT | MMH_CAP_FLUSH | MMH_CAP_FORGET |
	       (paced ? MMH_CAP_PACED : 0) |
	       (mmh_order_is_ours() ? MMH_CAP_SMALL : 0);
}

/* The next check sets page_reporting_order, and more blocks may be due. */
static void reporting_changed(void)
{
	mmh_low_restart(false);
}

const struct mmh_engine mmh_page_reporting = {
	.name = "page_reporting",
	.what = "the kernel's page reporting, paced by delay_ms",
	.caps = reporting_caps,
	.attach = reporting_attach,
	.settle = reporting_settle,
	.detach = reporting_detach,
	.changed = reporting_changed,
	.flush = reporting_flush,
	.forget = reporting_forget,
};
