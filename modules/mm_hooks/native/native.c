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
#include <linux/gfp.h>
#include <linux/jiffies.h>
#include <linux/limits.h>
#include <linux/minmax.h>
#include <linux/mm_hooks.h>
#include <linux/mmzone.h>
#include <linux/mutex.h>
#include <linux/printk.h>
#include <linux/wait.h>
#include <linux/workqueue.h>

#include <vmhooks/mm_hooks.h>

#include "../counters.h"
#include "../engine.h"
#include "../mm_hooks_trace.h"
#include "../pacer.h"
#include "../params.h"
#include "../pcp.h"
#include "../zone_next.h"
#include "cursor.h"
#include "flight.h"
#include "free_hook.h"
#include "page_orders.h"
#include "policy.h"
#include "pressure.h"
#include "scan.h"
#include "show.h"
#include "zones.h"

/* How long a detach lets the host finish before the reporter has to abort. */
#define NATIVE_GRACE HZ
/* Lists of the processors that are in use are looked at again. */
#define NATIVE_LISTS_WAIT HZ

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
static unsigned long flush_until;	/* jiffies; when the last of them gives up */
static DECLARE_WAIT_QUEUE_HEAD(flush_wait);

static unsigned long last_pass;	/* jiffies; written by the pass */

/**
 * struct pass - what a pass found
 * @taken:  chains were sent
 * @freed:  memory was freed since the one before
 * @cut:    memory that may be reported is left
 * @stuck:  memory cannot be had now, and nobody tells when it can
 * @wait:   jiffies until there is more to do; ULONG_MAX when nothing is left
 */
struct pass {
	bool taken;
	bool freed;
	bool cut;
	bool stuck;
	unsigned long wait;
};

static void native_go(void)
{
	queue_work(queue, &pass_work);
}

static struct policy native_policy(void)
{
	const struct policy_guest guest = {
		.level = mm_hooks_pacer_level(),
		.calm = mm_hooks_pacer_was_calm(),
		.held = msecs_to_jiffies(mm_hooks_pacer_held_ms()),
	};

	return policy_regular(msecs_to_jiffies(mm_hooks_min_age_ms()), &guest,
			      mm_hooks_report_order(), jiffies - last_pass, HZ);
}

/*
 * How long what is in the lists of the processors has been free: the pacer lets
 * a pass go after that many calm checks, if it was these.
 */
static u32 native_calm(void)
{
	if (!mm_hooks_pacer_was_calm())
		return 0;
	return msecs_to_jiffies(mm_hooks_delay_ms()) << mm_hooks_pacer_level();
}

/* For all zones at once the kernel returns without a drain while another one runs. */
static void native_drain_zones(void)
{
	unsigned int i = 0;
	struct zone *zone;

	while ((zone = mm_hooks_zone_next(&i)))
		drain_all_pages(zone);
}

/*
 * What comes out of the lists of the processors has been free for as long.  Out of
 * lists that are in use nothing comes that would stay free, and their users pay for
 * filling them again.
 *
 * Return: jiffies until they are to be looked at again, ULONG_MAX for never.
 */
static unsigned long native_drain(bool flush)
{
	unsigned long pages = flush ? mm_hooks_pcp_pages() :
				      mm_hooks_pacer_listed();

	if (pages < (flush ? 1 : mm_hooks_pcp_many()))
		return ULONG_MAX;
	if (!flush && !mm_hooks_pacer_lists_rest(pages))
		return NATIVE_LISTS_WAIT;
	mm_hooks_count(pcp_drains);
	free_hook_backdate(native_calm());
	native_drain_zones();
	free_hook_backdate(0);
	return ULONG_MAX;
}

/* Through one half of the round.  Return: 0, or an error that ends the pass. */
static int native_sweep(struct scan *s, struct pass *pass)
{
	unsigned long most = (unsigned long)mm_hooks_inflight_mb()
			     << (20 - PAGE_SHIFT);
	unsigned long pages;
	struct flight *f;
	int err = 0;

	s->ended = false;
	while (!err && !s->ended && !s->scarce) {
		f = flights_get(s->zone, most, &pages);
		if (!f)
			return -ESHUTDOWN;
		scan_fill(s, f, pages);
		pass->taken |= f->chain.nents > 0;
		err = flight_submit(f);
		if (!err && s->later)
			flights_land_next();
	}
	return err;
}

/*
 * The pass begins where the small blocks had to stop the last time, and goes
 * round, so that those at the end of a zone have their turn too.
 */
static int native_zone(struct zone *zone, struct policy policy,
		       struct pass *pass, unsigned int *low)
{
	unsigned long *resume = zones_resume(zone);
	struct scan s = {
		.zone = zone,
		.policy = policy,
		.now = (u32)jiffies,
		.batch = mm_hooks_scan_batch(),
		.wait = ULONG_MAX,
		.cursor = cursor_begin(*resume),
	};
	int err = native_sweep(&s, pass);

	if (!err && !s.scarce && cursor_turn(&s.cursor))
		err = native_sweep(&s, pass);
	*resume = cursor_resume(&s.cursor, 1UL << (NR_PAGE_ORDERS - 1));
	mm_hooks_pacer_discarded((u64)s.discarded << PAGE_SHIFT);
	*low -= policy.low - s.policy.low;
	pass->cut |= s.left || s.scarce;
	pass->wait = min(pass->wait, s.wait);
	pass->stuck |= s.refused || s.scarce;
	return err;
}

/*
 * Memory that cannot be had is tried again, ever later while nothing else happens, for
 * nobody tells when it can be: an idle guest is woken once a minute for it.
 */
static void native_retry(struct pass *pass)
{
	static unsigned int tries;

	if (pass->taken || pass->freed || !pass->stuck)
		tries = 0;
	if (pass->stuck)
		pass->wait = min(pass->wait, policy_retry(tries++, HZ));
}

/* Through all zones once, until everything that was taken is back. */
static int native_pass(struct policy policy, struct pass *pass)
{
	unsigned int zones = zones_number();
	struct zone *zone;
	unsigned int i = 0;
	int err = 0, landed;

	*pass = (struct pass){ .wait = ULONG_MAX, .stuck = zones_behind() };
	flights_clear_error();
	pass->freed = free_hook_rearm();
	while (!err && (zone = zones_next(&i)))
		err = native_zone(zone, policy_zone(&policy, zones--), pass,
				  &policy.low);
	native_retry(pass);
	WRITE_ONCE(last_pass, jiffies);
	landed = flights_land();
	trace_mm_hooks_pass(pass->taken, pass->cut, landed ?: err,
			    pass->wait == ULONG_MAX ?
				    -1 : (int)jiffies_to_msecs(pass->wait));
	return landed ?: err;
}

/*
 * Where the smallest order was changed, every map is made anew.  Small blocks are
 * heard of before there is a place for them and as long as there is one.  Without
 * memory for it, or for memory that was plugged, the next pass tries again.
 */
static void native_follow(void)
{
	static unsigned int followed;
	unsigned int order = mm_hooks_unit_order();
	unsigned int heard = free_hook_order();

	if (order == heard && order == followed && !zones_behind())
		return;
	free_hook_set_order(min(order, heard));
	if (zones_set_unit(order)) {
		pr_warn_ratelimited("no memory for the maps of free memory: trying again\n");
		return;
	}
	followed = order;
	free_hook_set_order(order);
}

static void native_flush_done(int asked, int err)
{
	/* A change of engine has cut it short. */
	flush_error = err == -ESHUTDOWN ? -ENODEV : err;
	/* Pairs with whoever waits, who reads flush_error behind it. */
	smp_store_release(&flush_done, asked);
	wake_up_all(&flush_wait);
}

static enum policy_flush_step flush_step(const struct pass *pass,
					 unsigned int rounds)
{
	return policy_flush_step(pass->taken, pass->cut, rounds,
				 time_after(jiffies, READ_ONCE(flush_until)));
}

static void native_work(struct work_struct *work)
{
	int asked = atomic_read(&flush_asked);
	bool flush = asked != flush_done;
	enum policy_flush_step step;
	unsigned int rounds = 0;
	unsigned long lists_wait;
	struct pass pass;
	int err;

	native_follow();
	do {
		struct policy policy = flush ? policy_flush() : native_policy();

		lists_wait = native_drain(flush);
		err = native_pass(policy, &pass);
		pass.wait = min(pass.wait, lists_wait);
		step = flush_step(&pass, ++rounds);
	} while (!err && flush && step == POLICY_FLUSH_ON);
	if (flush)
		native_flush_done(asked, err ?: step == POLICY_FLUSH_LATE ?
							-ETIMEDOUT : 0);
	/* After an error the pacer comes back by itself. */
	if (!err && pass.wait != ULONG_MAX)
		mm_hooks_pacer_request(jiffies_to_msecs(pass.wait));
}

unsigned int native_last_pass_ms(void)
{
	return jiffies_to_msecs(jiffies - READ_ONCE(last_pass));
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
	/* Memory that came before anybody listened. */
	pressure_follow();
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

static int native_settle(unsigned int timeout_ms)
{
	/* Far beyond the timeout: nothing is aborted. */
	flights_end(LONG_MAX / 2);
	if (flights_wait_all(msecs_to_jiffies(timeout_ms)))
		return 0;
	flights_end(0);
	mm_hooks_pacer_request(0);
	return -EBUSY;
}

static void native_detach(void)
{
	flights_end(NATIVE_GRACE);
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

/* Of two that come at once the longer one wins; the other gives up by itself. */
static void flush_extend(unsigned long until)
{
	unsigned long old = READ_ONCE(flush_until);

	while (time_after(until, old) &&
	       !try_cmpxchg(&flush_until, &old, until))
		;
}

static int native_flush(unsigned int timeout_ms)
{
	int asked;
	long left;

	if (!READ_ONCE(attached))
		return -ENODEV;
	flush_extend(jiffies + msecs_to_jiffies(timeout_ms));
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

static bool native_holds(struct page *page, unsigned int order)
{
	return READ_ONCE(attached) && zones_holds(page, order);
}

/* What is free may be due now: look again. */
static void native_changed(void)
{
	if (READ_ONCE(attached))
		mm_hooks_pacer_request(0);
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
	.settle = native_settle,
	.detach = native_detach,
	.changed = native_changed,
	.flush = native_flush,
	.forget = native_forget,
	.holds = native_holds,
};

const struct mm_hooks_engine *const mm_hooks_native = &native;
