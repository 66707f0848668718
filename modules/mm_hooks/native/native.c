// SPDX-License-Identifier: GPL-2.0-only
/*
 * The engine for kernels with the companion patch.
 *
 * A block's way: it becomes free (free_hook.c) and fresh in the map of its zone
 * (zones.c, blocks.c); the pacer lets a pass go; the pass takes what is old enough
 * (scan.c), sends it to the host, several chains at a time, and puts it back
 * (flight.c).  Who wants that memory meanwhile waits (pressure.c).
 *
 * Who may run at the same time: the free hook on every processor, under
 * zone->lock; completions in hard interrupt context; one pass, from a workqueue;
 * flush and forget in any process; attach and detach, one at a time.
 */
#include <linux/atomic.h>
#include <linux/jiffies.h>
#include <linux/limits.h>
#include <linux/mm_hooks.h>
#include <linux/mmzone.h>
#include <linux/mutex.h>
#include <linux/printk.h>
#include <linux/wait.h>
#include <linux/workqueue.h>

#include <vmhooks/mm_hooks.h>

#include "../counters.h"
#include "../engine.h"
#include "../pacer.h"
#include "../params.h"
#include "flight.h"
#include "free_hook.h"
#include "pcp.h"
#include "policy.h"
#include "pressure.h"
#include "scan.h"
#include "show.h"
#include "zones.h"

/* How long a detach lets the host finish before the reporter has to abort. */
#define NATIVE_GRACE HZ
/* When to look again at a zone that was short of memory. */
#define NATIVE_SCARCE_MS 1000
static void native_work(struct work_struct *work);

static struct workqueue_struct *queue;
static DECLARE_WORK(pass_work, native_work);

/*
 * Written under run_lock, by attach and detach; that lock keeps forget away from
 * both.  flush_asked is raised by whoever wants one, flush_done and flush_error
 * follow by the pass.
 */
static bool attached;
static DEFINE_MUTEX(run_lock);
static atomic_t flush_asked = ATOMIC_INIT(0);
static int flush_done;
static int flush_error;
static DECLARE_WAIT_QUEUE_HEAD(flush_wait);

static unsigned long last_pass;	/* jiffies; the pass's */

/**
 * struct pass - what a pass found
 * @taken:  chains were sent
 * @wait:   jiffies until there is more to do; ULONG_MAX when nothing is left
 */
struct pass {
	bool taken;
	unsigned long wait;
};

static void native_go(void)
{
	queue_work(queue, &pass_work);
}

static struct policy native_policy(void)
{
	return policy_regular(msecs_to_jiffies(mm_hooks_min_age_ms()),
			      mm_hooks_pacer_level(), mm_hooks_report_order(),
			      jiffies - last_pass, HZ);
}

/*
 * How long what is in the lists of the processors has been free: the pacer lets
 * a pass go after that many calm checks.
 */
static u32 native_calm(void)
{
	return msecs_to_jiffies(mm_hooks_delay_ms()) << mm_hooks_pacer_level();
}

/* Return: 0, or an error that ends the pass. */
static int native_zone(struct zone *zone, struct policy *policy,
		       struct pass *pass)
{
	unsigned long most = (unsigned long)mm_hooks_inflight_mb()
			     << (20 - PAGE_SHIFT);
	struct scan s = {
		.zone = zone,
		.policy = *policy,
		.now = (u32)jiffies,
		.batch = mm_hooks_scan_batch(),
		.wait = ULONG_MAX,
	};
	unsigned long pages;
	struct flight *f;
	int err = 0;

	while (!err && !s.ended && !s.scarce) {
		f = flights_get(zone, most, &pages);
		if (!f)
			return -ESHUTDOWN;
		scan_fill(&s, f, pages);
		pass->taken |= f->chain.nents > 0;
		err = flight_submit(f);
	}
	policy->low = s.policy.low;
	pass->wait = min(pass->wait, s.wait);
	if (s.scarce)
		pass->wait = min(pass->wait,
				 msecs_to_jiffies(NATIVE_SCARCE_MS));
	return err;
}

/* Through all zones once, until everything that was taken is back. */
static int native_pass(struct policy policy, struct pass *pass)
{
	struct zone *zone;
	unsigned int i = 0;
	int err = 0, landed;

	*pass = (struct pass){ .wait = ULONG_MAX };
	flights_clear_error();
	free_hook_rearm();
	while (!err && (zone = zones_next(&i)))
		err = native_zone(zone, &policy, pass);
	last_pass = jiffies;
	landed = flights_land();
	return landed ?: err;
}

/* Where the smallest order was changed, every map is made anew. */
static void native_follow_order(void)
{
	unsigned int order = mm_hooks_unit_order();

	if (order == READ_ONCE(mm_hooks_free_order))
		return;
	WRITE_ONCE(mm_hooks_free_order, order);
	if (zones_set_unit(order))
		pr_warn("no memory for maps of blocks of order %u\n", order);
}

static void native_flush_done(int asked, int err)
{
	flush_error = err;
	/* Pairs with whoever waits, who reads flush_error behind it. */
	smp_store_release(&flush_done, asked);
	wake_up_all(&flush_wait);
}

static void native_work(struct work_struct *work)
{
	int asked = atomic_read(&flush_asked);
	bool flush = asked != flush_done;
	struct pass pass;
	int err;

	native_follow_order();
	do {
		struct policy policy = flush ? policy_flush() : native_policy();

		pcp_drain(flush ? 1 : PCP_MANY, native_calm());
		err = native_pass(policy, &pass);
	} while (!err && flush && pass.taken);
	if (flush)
		native_flush_done(asked, err);
	/* After an error the pacer comes back by itself. */
	if (!err && pass.wait != ULONG_MAX)
		mm_hooks_pacer_request(jiffies_to_msecs(pass.wait));
}

static int native_attach_locked(struct mm_hooks_reporter *rep)
{
	unsigned int order = mm_hooks_unit_order();
	int err = -ENOMEM;

	lockdep_assert_held(&run_lock);
	queue = alloc_workqueue("mm_hooks", WQ_FREEZABLE | WQ_UNBOUND, 1);
	if (!queue)
		return err;
	err = zones_init(order);
	if (err)
		goto free_queue;
	flights_start(rep);
	last_pass = jiffies;
	mm_hooks_pacer_start(native_go, false);
	err = pressure_attach();
	if (err)
		goto stop_pacer;
	err = free_hook_attach(order);
	if (err)
		goto detach_pressure;
	WRITE_ONCE(attached, true);
	mm_hooks_pacer_request(0);
	return 0;
detach_pressure:
	pressure_detach();
stop_pacer:
	mm_hooks_pacer_stop();
	cancel_work_sync(&pass_work);
	zones_exit();
free_queue:
	destroy_workqueue(queue);
	return err;
}

static int native_attach(struct mm_hooks_reporter *rep)
{
	int err;

	mutex_lock(&run_lock);
	err = native_attach_locked(rep);
	mutex_unlock(&run_lock);
	return err;
}

static void native_detach(void)
{
	/* Never 0, which means go on. */
	flights_end((jiffies + NATIVE_GRACE) | 1);
	mutex_lock(&run_lock);
	WRITE_ONCE(attached, false);
	free_hook_detach();
	mm_hooks_pacer_stop();
	cancel_work_sync(&pass_work);
	pressure_detach();
	zones_exit();
	destroy_workqueue(queue);
	mutex_unlock(&run_lock);
	wake_up_all(&flush_wait);
}

static bool flush_is_done(int asked)
{
	/* Pairs with native_flush_done(). */
	return smp_load_acquire(&flush_done) - asked >= 0 ||
	       !READ_ONCE(attached);
}

static int native_flush(unsigned int timeout_ms)
{
	int asked;
	long left;

	if (!READ_ONCE(attached))
		return -ENODEV;
	asked = atomic_inc_return(&flush_asked);
	mm_hooks_pacer_run();
	left = wait_event_interruptible_timeout(flush_wait,
						flush_is_done(asked),
						msecs_to_jiffies(timeout_ms));
	if (left < 0)
		return -EINTR;
	if (!left)
		return -ETIMEDOUT;
	return READ_ONCE(attached) ? flush_error : -ENODEV;
}

static void native_forget_locked(void)
{
	lockdep_assert_held(&run_lock);
	flights_forget();
	zones_forget();
	mm_hooks_pacer_forget();
	mm_hooks_count(forgets);
	mm_hooks_pacer_run();
}

static int native_forget(void)
{
	int err = mutex_lock_killable(&run_lock);

	if (err)
		return err;
	if (attached)
		native_forget_locked();
	else
		err = -ENODEV;
	mutex_unlock(&run_lock);
	return err;
}

static u32 native_caps(void)
{
	return MM_HOOKS_CAP_REPORT | MM_HOOKS_CAP_PACED | MM_HOOKS_CAP_FLUSH |
	       MM_HOOKS_CAP_FORGET;
}

static const struct mm_hooks_engine native = {
	.name = "native",
	.what = "blocks come straight from the allocator, through the companion patch",
	.show = native_show,
	.hide = native_hide,
	.caps = native_caps,
	.attach = native_attach,
	.detach = native_detach,
	.flush = native_flush,
	.forget = native_forget,
};

const struct mm_hooks_engine *const mm_hooks_native = &native;
