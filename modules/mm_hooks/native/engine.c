// SPDX-License-Identifier: GPL-2.0-only
/*
 * The engine for kernels with the companion patch.
 *
 * A block becomes free (freed.c) and unreported in the map of its zone (zones.c,
 * blocks.c).  The pacer starts a pass.  The pass isolates the blocks that are old enough
 * (scan.c), submits them, several reports at a time, and puts them back (inflight.c).
 * Reclaim and isolation wait for them meanwhile (pressure.c).
 *
 * Small blocks are not in the map.  While the guest is quiet, passes of their own find them
 * (small.c).
 *
 * Who may run at the same time: the free hook on every processor, under
 * zone->lock; completions in hard interrupt context; one pass, from a workqueue;
 * flush and forget in any process; attach and detach, one at a time.
 */
#include <linux/atomic.h>
#include <linux/cpumask.h>
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
#include "../forget.h"
#include "../hooks/free_hook.h"
#include "../mm_hooks_trace.h"
#include "../pace/low_work.h"
#include "../pace/pacer.h"
#include "../pace/pcp.h"
#include "../settings.h"
#include "../zone_next.h"
#include "freed.h"
#include "hotplug.h"
#include "inflight.h"
#include "pass.h"
#include "policy.h"
#include "pressure.h"
#include "small.h"
#include "small_flag.h"
#include "sysfs.h"
#include "zones.h"

/* How long a detach lets the host finish before the reporter has to abort. */
#define NATIVE_GRACE HZ
/* Pcplists that are in use are checked again. */
#define NATIVE_LISTS_WAIT HZ
/* Places that one pass for small blocks visits: pages in use are such, so 4 GiB of them. */
#define NATIVE_SMALL_PLACES BIT(20)
/* Ranges of small blocks that a flush reports before it checks its deadline. */
#define NATIVE_SMALL_FLUSH 4096

static void native_work(struct work_struct *work);

static struct workqueue_struct *queue;
static DECLARE_WORK(pass_work, native_work);
/* Held by a pass: those for large and for small blocks have work items of their own. */
static DEFINE_MUTEX(pass_lock);
static unsigned int unit_order;	/* of the maps; under pass_lock, or while no pass runs */

/*
 * Written under run_lock, by attach and detach; that lock keeps forget away from
 * both.  A caller of flush raises flush_asked, and the pass lets flush_done and
 * flush_error follow.
 */
static bool attached;
static DEFINE_MUTEX(run_lock);
static atomic_t flush_asked = ATOMIC_INIT(0);
static int flush_done;
static int flush_error;
static unsigned long flush_until;	/* jiffies; when the last of them gives up */
static DECLARE_WAIT_QUEUE_HEAD(flush_wait);

static void native_go(void)
{
	queue_work(queue, &pass_work);
}

static const struct mmh_pacer_ops pacer_ops = { .run = native_go };

static struct mmh_policy native_policy(void)
{
	const struct mmh_policy_guest guest = {
		.level = mmh_pacer_level(),
		.idle = mmh_pacer_was_idle(),
		.deferred = msecs_to_jiffies(mmh_pacer_deferred_ms()),
		.cpus = num_online_cpus(),
	};

	return mmh_policy_regular(msecs_to_jiffies(mmh_min_age_ms()), &guest,
				  mmh_report_order(), jiffies - mmh_last_pass, HZ);
}

/*
 * How long pages in the pcplists have been free: the time of the idle checks, if these
 * started the pass.
 */
static u32 native_idle_time(void)
{
	if (!mmh_pacer_was_idle())
		return 0;
	return msecs_to_jiffies(mmh_delay_ms()) << mmh_pacer_level();
}

/* For all zones at once the kernel returns without a drain while another one runs. */
static void native_drain_zones(void)
{
	unsigned int i = 0;
	struct zone *zone;

	while ((zone = mmh_zone_next(&i)))
		drain_all_pages(zone);
}

/*
 * Drained pages have been free for the time of the idle checks.  Pcplists in use are left
 * alone: nothing of them would stay free, and their users would pay for the refill.
 *
 * Return: jiffies until the next check of the pcplists, ULONG_MAX for none.
 */
static unsigned long native_drain(bool flush)
{
	unsigned long pages = flush ? mmh_pcp_pages() :
				      mmh_pacer_pcp_pages();

	if (pages < (flush ? 1 : mmh_pcp_drain_threshold()))
		return ULONG_MAX;
	if (!flush && !mmh_pacer_pcp_is_idle(pages))
		return NATIVE_LISTS_WAIT;
	mmh_count(pcp_drains);
	mmh_freed_backdate(native_idle_time());
	native_drain_zones();
	mmh_freed_backdate(0);
	return ULONG_MAX;
}

/*
 * A new smallest order needs new maps.  The free hook announces small blocks from before
 * the maps have a place for them until after they have none.  Without memory for the
 * maps, or for that of onlined memory, the next pass tries again.
 */
static void native_follow(void)
{
	unsigned int order = mmh_unit_order();
	unsigned int heard = mmh_free_hook_order();

	lockdep_assert_held(&pass_lock);
	if (order == heard && order == unit_order && !mmh_zones_need_update())
		return;
	mmh_free_hook_set_order(min(order, heard));
	if (mmh_zones_set_unit(order)) {
		pr_warn_ratelimited("no memory for the maps of free memory: trying again\n");
		return;
	}
	unit_order = order;
	mmh_free_hook_set_order(order);
}

static bool native_low_follow(void)
{
	return mmh_low_order() < mmh_report_order() && mmh_small_flag_enable();
}

/* The blocks from the unit on are in the map, also where another order waits for memory. */
static int native_low_run_locked(const struct mmh_low_pass *pass, struct mmh_low_result *result)
{
	s64 before = atomic64_read(&mmh_counters.reported.bytes);
	struct mmh_small s = { .again = pass->again };
	unsigned long lists_wait;
	int err;

	mmh_count(passes);
	mmh_pacer_judge_discarded();
	native_follow();
	/* Small blocks come from the pcplists. */
	lists_wait = native_drain(false);
	if (lists_wait != ULONG_MAX)
		mmh_pacer_request(jiffies_to_msecs(lists_wait));
	s.walk = (struct mmh_small_walk){
		.low = pass->order,
		.high = unit_order,
		.ranges = pass->reports * MMH_REPORT_MAX,
		.places = NATIVE_SMALL_PLACES,
	};
	err = mmh_small_pass(&s);
	result->bytes = atomic64_read(&mmh_counters.reported.bytes) - before;
	result->cut = s.walk.cut;
	return err;
}

/* A pass for large blocks comes first, and the guest may not be quiet after it. */
static int native_low_run(const struct mmh_low_pass *pass, struct mmh_low_result *result)
{
	int err = -EBUSY;

	if (mutex_trylock(&pass_lock)) {
		err = native_low_run_locked(pass, result);
		mutex_unlock(&pass_lock);
	}
	return err;
}

static const struct mmh_low_ops low_ops = {
	.follow = native_low_follow,
	.run = native_low_run,
};

static bool native_flush_is_late(void)
{
	return time_after(jiffies, READ_ONCE(flush_until));
}

/* All small blocks, whatever their age. */
static int native_flush_small(struct mmh_pass *pass)
{
	struct mmh_small s = {};
	int err;

	if (!native_low_follow())
		return 0;
	do {
		s.walk = (struct mmh_small_walk){
			.low = mmh_low_order(),
			.high = unit_order,
			.ranges = NATIVE_SMALL_FLUSH,
			.places = ULONG_MAX,
		};
		err = mmh_small_pass(&s);
		s.again = true;
		s.discarded = 0;
	} while (!err && s.walk.cut && !native_flush_is_late());
	pass->sent |= s.sent;
	pass->cut |= s.walk.cut;
	return err;
}

static void native_flush_done(int asked, int err)
{
	/* A change of engine has cut it short. */
	flush_error = err == -ESHUTDOWN ? -ENODEV : err;
	/* Pairs with flush_is_done(): the caller reads flush_error behind it. */
	smp_store_release(&flush_done, asked);
	wake_up_all(&flush_wait);
}

static enum mmh_policy_flush_step flush_step(const struct mmh_pass *pass,
					     unsigned int rounds)
{
	return mmh_policy_flush_step(pass->sent, pass->cut, rounds, native_flush_is_late());
}

static int native_work_pass(bool flush, struct mmh_pass *pass)
{
	unsigned long lists_wait;
	int err;

	native_follow();
	lists_wait = native_drain(flush);
	err = mmh_pass_run(flush ? mmh_policy_flush() : native_policy(), pass);
	pass->wait = min(pass->wait, lists_wait);
	if (!err && flush)
		err = native_flush_small(pass);
	return err;
}

static void native_work_locked(void)
{
	int asked = atomic_read(&flush_asked);
	bool flush = asked != flush_done;
	enum mmh_policy_flush_step step;
	unsigned int rounds = 0;
	struct mmh_pass pass;
	int err;

	lockdep_assert_held(&pass_lock);
	do {
		err = native_work_pass(flush, &pass);
		step = flush_step(&pass, ++rounds);
	} while (!err && flush && step == POLICY_FLUSH_ON);
	if (flush && !err && step == POLICY_FLUSH_DONE)
		mmh_low_restart(true);
	if (flush)
		native_flush_done(asked, err ?: step == POLICY_FLUSH_LATE ?
						-ETIMEDOUT : 0);
	/* After an error the pacer comes back by itself. */
	if (!err && pass.wait != ULONG_MAX)
		mmh_pacer_request(jiffies_to_msecs(pass.wait));
}

static void native_work(struct work_struct *work)
{
	mutex_lock(&pass_lock);
	native_work_locked();
	mutex_unlock(&pass_lock);
}

static void native_begin(void)
{
	lockdep_assert_held(&run_lock);
	/* Memory that was onlined before the notifier was there. */
	mmh_native_memory_onlined(0, ULONG_MAX);
	WRITE_ONCE(attached, true);
	mmh_pacer_request(0);
	if (IS_ENABLED(CONFIG_PAGE_REPORTING))
		mmh_low_start(&low_ops);
}

static int native_attach_locked(struct mmh_reporter *rep)
{
	unsigned int order = mmh_unit_order();
	int err = -ENOMEM;

	lockdep_assert_held(&run_lock);
	queue = alloc_workqueue("mm_hooks", WQ_FREEZABLE | WQ_UNBOUND, 1);
	if (!queue)
		return err;
	err = mmh_zones_init(order);
	if (err)
		goto free_queue;
	unit_order = order;
	mmh_inflight_start(rep);
	mmh_last_pass = jiffies;
	mmh_pacer_start(&pacer_ops, false);
	err = mmh_pressure_register();
	if (err)
		goto stop_pacer;
	err = mmh_native_hotplug_start();
	if (err)
		goto detach_pressure;
	err = mmh_freed_start(order);
	if (err)
		goto stop_hotplug;
	native_begin();
	return 0;
stop_hotplug:
	mmh_native_hotplug_stop();
detach_pressure:
	mmh_pressure_unregister();
stop_pacer:
	mmh_pacer_stop();
	cancel_work_sync(&pass_work);
	mmh_zones_exit();
free_queue:
	destroy_workqueue(queue);
	return err;
}

static int native_attach(struct mmh_reporter *rep)
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
	mmh_reports_stop(LONG_MAX / 2);
	if (mmh_inflight_wait_idle(msecs_to_jiffies(timeout_ms)))
		return 0;
	mmh_reports_stop(0);
	mmh_pacer_request(0);
	return -EBUSY;
}

static void native_detach(void)
{
	mmh_reports_stop(NATIVE_GRACE);
	mutex_lock(&run_lock);
	WRITE_ONCE(attached, false);
	mmh_low_stop();
	mmh_freed_stop();
	mmh_pacer_stop();
	cancel_work_sync(&pass_work);
	mmh_native_hotplug_stop();
	mmh_pressure_unregister();
	mmh_zones_exit();
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
	mmh_pacer_run();
	left = wait_event_interruptible_timeout(flush_wait,
						flush_is_done(asked),
						msecs_to_jiffies(timeout_ms));
	if (left < 0)
		return -EINTR;
	if (!left)
		return -ETIMEDOUT;
	return READ_ONCE(attached) ? flush_error : -ENODEV;
}

/* First the epoch: what is put back during the walk does not get the flag. */
static void native_forget_locked(void)
{
	lockdep_assert_held(&run_lock);
	mmh_zones_forget();
	mmh_pacer_forget();
	mmh_forget_blocks();
	mmh_low_restart(false);
	mmh_count(forgets);
	mmh_pacer_run();
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

static bool native_has_reported(struct page *page, unsigned int order)
{
	return READ_ONCE(attached) && mmh_zones_have_reported(page, order);
}

/* Free blocks may be due by the new value. */
static void native_changed(void)
{
	if (!READ_ONCE(attached))
		return;
	mmh_pacer_request(0);
	mmh_low_restart(false);
}

static u32 native_caps(void)
{
	return MMH_CAP_REPORT | MMH_CAP_PACED | MMH_CAP_FLUSH |
	       MMH_CAP_FORGET | MMH_CAP_SMALL;
}

const struct mmh_engine mmh_native = {
	.name = "native",
	.what = "blocks come straight from the allocator, through the companion patch",
	.show = mmh_native_sysfs_add,
	.hide = mmh_native_sysfs_remove,
	.exit = mmh_zones_destroy,
	.reused = mmh_zones_reused_pages,
	.caps = native_caps,
	.attach = native_attach,
	.settle = native_settle,
	.detach = native_detach,
	.changed = native_changed,
	.flush = native_flush,
	.forget = native_forget,
	.has_reported = native_has_reported,
};
