// SPDX-License-Identifier: GPL-2.0-only
/*
 * Start the passes for blocks below report_order.
 *
 * The kernel's page reporting tells of a freed block from page_reporting_order on, and
 * during a loop that order is report_order.  So the kernel is silent about small ones.  A
 * deferrable timer compares free memory with what is reported.  It does not wake a CPU:
 * one that sleeps frees nothing.
 *
 * Who may run at the same time: low_work, one at a time; mmh_low_soon() anywhere;
 * mmh_low_restart() in any process.
 */
#include "low_work.h"

#include <linux/jiffies.h>
#include <linux/ktime.h>
#include <linux/minmax.h>
#include <linux/mm.h>
#include <linux/mutex.h>
#include <linux/time64.h>
#include <linux/workqueue.h>

#include "../counters.h"
#include "../pace/pacer.h"
#include "../pace/pcp.h"
#include "../settings.h"
#include "../small_age.h"
#include "low.h"
#include "order.h"

/* Between two checks while there is nothing to report, and while it has to wait. */
#define LOW_WATCH_MS 2000
#define LOW_WAIT_MS 500
/* Between two passes. */
#define LOW_TICK_MS 250
/* Reports of small blocks in a second: 8192 blocks at most. */
#define LOW_RATE 256

static void low_work_fn(struct work_struct *work);
static void low_watch_fn(struct work_struct *work);

static DECLARE_DELAYED_WORK(low_work, low_work_fn);
static DECLARE_DEFERRABLE_WORK(low_watch, low_watch_fn);
static DEFINE_MUTEX(low_lock);
static struct mmh_low low;	/* under low_lock */
static mmh_low_pass run_pass;	/* NULL while stopped; under low_lock */

static u64 low_now(void)
{
	return ktime_to_ms(ktime_get());
}

/* While a driver allocates, it splits blocks, and the rest of each is allocated next. */
static struct mmh_low_memory low_memory(void)
{
	return (struct mmh_low_memory){
		.unreported = mmh_pacer_unreported(),
		.used = mmh_pcp_allocated(),
	};
}

static void low_init(void)
{
	struct mmh_low_memory memory = low_memory();

	lockdep_assert_held(&low_lock);
	mmh_low_init(&low, low_now(), (u64)totalram_pages() << PAGE_SHIFT, &memory);
}

/* Whatever happens to page_reporting_order meanwhile is noticed here, too. */
static enum mmh_low_step low_check(void)
{
	struct mmh_low_memory memory = low_memory();
	unsigned int high = mmh_report_order();
	u64 age = mmh_small_age(mmh_min_age_ms(), mmh_pacer_level(), MSEC_PER_SEC);

	lockdep_assert_held(&low_lock);
	mmh_count(low_checks);
	if (!mmh_order_follow(high))
		return LOW_WATCH;
	return mmh_low_check(&low, low_now(), age, high, mmh_low_order(), &memory);
}

static void low_run(void)
{
	struct mmh_low_memory memory = low.last;
	struct mmh_low_result result = {};

	lockdep_assert_held(&low_lock);
	if (run_pass(low.order, LOW_RATE * LOW_TICK_MS / 1000, &result))
		return;
	memory.unreported = mmh_pacer_unreported();
	mmh_low_passed(&low, mmh_low_order(), result.bytes, result.cut, &memory);
}

/* A report has queued low_work for later. */
static void low_next(enum mmh_low_step step)
{
	unsigned int ms = step == LOW_PASS ? LOW_TICK_MS : LOW_WAIT_MS;

	if (step == LOW_WATCH)
		queue_delayed_work(system_freezable_wq, &low_watch,
				   msecs_to_jiffies(LOW_WATCH_MS));
	else
		mod_delayed_work(system_freezable_wq, &low_work, msecs_to_jiffies(ms));
}

static void low_work_fn(struct work_struct *work)
{
	enum mmh_low_step step;

	mutex_lock(&low_lock);
	if (run_pass) {
		step = low_check();
		if (step == LOW_PASS)
			low_run();
		low_next(step);
	}
	mutex_unlock(&low_lock);
}

static void low_watch_fn(struct work_struct *work)
{
	mod_delayed_work(system_freezable_wq, &low_work, 0);
}

void mmh_low_start(mmh_low_pass pass)
{
	mutex_lock(&low_lock);
	run_pass = pass;
	low_init();
	low_next(LOW_WAIT);
	mutex_unlock(&low_lock);
}

void mmh_low_stop(void)
{
	mutex_lock(&low_lock);
	run_pass = NULL;
	mutex_unlock(&low_lock);
	cancel_delayed_work_sync(&low_watch);
	cancel_delayed_work_sync(&low_work);
}

void mmh_low_soon(void)
{
	queue_delayed_work(system_freezable_wq, &low_work, msecs_to_jiffies(SMALL_AGE_MS));
}

void mmh_low_restart(bool flushed)
{
	struct mmh_low_memory memory;

	mutex_lock(&low_lock);
	if (run_pass && flushed) {
		memory = low_memory();
		mmh_low_flushed(&low, &memory);
	} else if (run_pass) {
		low_init();
		low_next(LOW_WAIT);
	}
	mutex_unlock(&low_lock);
}
