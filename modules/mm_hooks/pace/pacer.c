// SPDX-License-Identifier: GPL-2.0-only
/*
 * The pacer: starts reporting passes when pace.c decides so.
 *
 * An engine that learns of free memory makes a request.  The pacer checks after
 * delay_ms, with a timer of its own, and starts a pass when mmh_pace_check() agrees.
 * While nothing is freed, no timer is pending.
 *
 * A decision needs sums over all processors.  Only process context adds them up:
 * a request, the timer and a failed report leave a note and queue pacer_work.
 *
 * Who may run at the same time: mmh_pacer_request() in hard interrupt
 * context, pacer_due() in soft interrupt context, mmh_pacer_reported()
 * from the pass, pacer_serve() from a workqueue, mmh_pacer_run() from
 * anywhere.
 */
#include "pacer.h"

#include <linux/atomic.h>
#include <linux/ktime.h>
#include <linux/minmax.h>
#include <linux/mm.h>
#include <linux/mutex.h>
#include <linux/spinlock.h>
#include <linux/timer.h>
#include <linux/vmstat.h>
#include <linux/workqueue.h>

#include "../counters.h"
#include "../discarded.h"
#include "../mm_hooks_trace.h"
#include "../settings.h"
#include "pace.h"
#include "pcp.h"
#include "timer_delete.h"

/* Sums that are younger than this many milliseconds are not made again. */
#define PACER_SUMS_MS 5

static void pacer_due(struct timer_list *timer);
static void pacer_serve(struct work_struct *work);

/**
 * struct pacer_notes - what pacer_work has to do
 * @requested: a request was made
 * @least_ms:  for how long a pass would find nothing, by that request
 * @due:       the timer has expired
 * @failed:    a report has failed
 */
struct pacer_notes {
	bool requested;
	unsigned int least_ms;
	bool due;
	bool failed;
};

/*
 * Held around mmh_pacer_ops: a pass that was started is not taken over.  Outside of
 * pacer.lock.
 */
static DEFINE_MUTEX(pass_lock);

static struct {
	spinlock_t lock;	/* all below, interrupts off */
	struct mmh_pace pace;
	struct pacer_notes notes;
	const struct mmh_pacer_ops *ops;	/* NULL while stopped; under both locks */
	bool estimate;
	u64 allocated;		/* in all, when the checks began to be idle */
	u64 allocated_ms;	/* when that was */
	bool deferred;		/* the last pass was, and the pcplists not checked since */
} pacer = {
	.lock = __SPIN_LOCK_UNLOCKED(pacer.lock),
};

static struct {
	struct mutex lock;	/* all below */
	struct mmh_pace_memory memory;
	u64 made_ms;		/* 0: never */
} sums = {
	.lock = __MUTEX_INITIALIZER(sums.lock),
};

static DEFINE_TIMER(check_timer, pacer_due);
static DECLARE_WORK(pacer_work, pacer_serve);
static atomic64_t isolated_bytes = ATOMIC64_INIT(0);	/* off the free lists, not in use */
static atomic64_t driver_bytes = ATOMIC64_INIT(0);	/* ever allocated for the host */
static atomic64_t returned_bytes = ATOMIC64_INIT(0);	/* since pacer_free() */

static u64 pacer_now(void)
{
	return ktime_to_ms(ktime_get());
}

static void pacer_start_pass(void)
{
	lockdep_assert_held(&pass_lock);
	mmh_count(passes);
	pacer.ops->run();
}

/* Counts what was reused since @reused. */
static void pacer_count_reused(u64 reused)
{
	lockdep_assert_held(&pacer.lock);
	if (pacer.estimate)
		mmh_count_add(reused_bytes,
			      pacer.pace.reused - reused);
}

/* A check that is due earlier stays. */
static void pacer_wait(unsigned int ms)
{
	lockdep_assert_held(&pacer.lock);
	timer_reduce(&check_timer, jiffies + msecs_to_jiffies(ms));
}

/* The kernel counts a driver's pages before the driver says that it took them. */
static u64 pacer_allocated(void)
{
	u64 drivers = atomic64_read(&driver_bytes);
	u64 all = mmh_pcp_allocated();

	return all - min(drivers, all);
}

/*
 * Over all processors, so process context only, and before pacer.lock is taken.  A
 * pass begins right after the check that started it, and uses the sums of that.
 */
static struct mmh_pace_memory pacer_sums(void)
{
	struct mmh_pace_memory memory;
	u64 now = pacer_now();

	mutex_lock(&sums.lock);
	if (!sums.made_ms || now - sums.made_ms >= PACER_SUMS_MS) {
		sums.memory = (struct mmh_pace_memory){
			.pcp = (u64)mmh_pcp_pages() << PAGE_SHIFT,
			.allocated = pacer_allocated(),
		};
		sums.made_ms = now;
	}
	memory = sums.memory;
	mutex_unlock(&sums.lock);
	return memory;
}

/* Pages that drivers return are unreported before they count as isolated no more. */
static u64 pacer_free(void)
{
	lockdep_assert_held(&pacer.lock);
	mmh_pace_mark_unreported(&pacer.pace, atomic64_xchg(&returned_bytes, 0));
	return ((u64)global_zone_page_state(NR_FREE_PAGES) << PAGE_SHIFT) +
	       atomic64_read(&isolated_bytes);
}

static void pacer_start_anew(struct mmh_pace_memory *memory)
{
	memory->free = pacer_free();
	mmh_pace_init(&pacer.pace, pacer_now(), memory);
}

/* The allocations from now on tell whether the pcplists are in use. */
static void pacer_mark(u64 now, u64 allocated)
{
	lockdep_assert_held(&pacer.lock);
	pacer.allocated = allocated;
	pacer.allocated_ms = now;
}

/* Return: does a pass start now? */
static bool pacer_decide(bool request, unsigned int least,
			 struct mmh_pace_memory *memory)
{
	unsigned int delay = mmh_delay_ms();
	struct mmh_pace *p = &pacer.pace;
	u64 now = pacer_now();
	u64 reused = p->reused;
	unsigned int wait;

	lockdep_assert_held(&pacer.lock);
	memory->free = pacer_free();
	wait = request ? max(mmh_pace_request(p, delay, now, memory), least) :
			 mmh_pace_check(p, delay, now, memory);
	pacer_count_reused(reused);
	trace_mmh_pace(request, memory, p->reported_free, p->level, wait);
	if (wait && !p->idle)
		pacer_mark(now, memory->allocated);
	if (wait)
		pacer_wait(wait);
	else
		pacer.deferred = p->deferred;
	return !wait;
}

static void pacer_wake(void)
{
	lockdep_assert_held(&pacer.lock);
	queue_work(system_freezable_wq, &pacer_work);
}

void mmh_pacer_request(unsigned int least_ms)
{
	struct pacer_notes *notes = &pacer.notes;
	unsigned long flags;

	spin_lock_irqsave(&pacer.lock, flags);
	if (pacer.ops) {
		if (notes->requested)
			least_ms = min(least_ms, notes->least_ms);
		notes->least_ms = least_ms;
		notes->requested = true;
		pacer_wake();
	}
	spin_unlock_irqrestore(&pacer.lock, flags);
}

void mmh_pacer_rearm(void)
{
	unsigned long flags;

	spin_lock_irqsave(&pacer.lock, flags);
	if (pacer.ops && timer_pending(&check_timer))
		pacer_wait(mmh_delay_ms());
	spin_unlock_irqrestore(&pacer.lock, flags);
}

static void pacer_due(struct timer_list *timer)
{
	unsigned long flags;

	spin_lock_irqsave(&pacer.lock, flags);
	if (pacer.ops) {
		pacer.notes.due = true;
		pacer_wake();
	}
	spin_unlock_irqrestore(&pacer.lock, flags);
}

void mmh_pacer_account_isolated(s64 bytes)
{
	atomic64_add(bytes, &isolated_bytes);
}

static void pacer_fail(struct mmh_pace_memory *memory)
{
	u64 reused = pacer.pace.reused;
	unsigned int wait;

	lockdep_assert_held(&pacer.lock);
	memory->free = pacer_free();
	wait = mmh_pace_failed(&pacer.pace, pacer_now(), memory);
	pacer_count_reused(reused);
	mod_timer(&check_timer, jiffies + msecs_to_jiffies(wait));
}

void mmh_pacer_driver_took(u64 bytes)
{
	atomic64_add(bytes, &driver_bytes);
	mmh_pacer_account_isolated(bytes);
}

void mmh_pacer_driver_returned(u64 bytes)
{
	atomic64_add(bytes, &returned_bytes);
	mmh_pacer_account_isolated(-(s64)bytes);
}

u64 mmh_pacer_used(void)
{
	return pacer_sums().allocated + mmh_pcp_migrated();
}

void mmh_pacer_judge_discarded(void)
{
	if (mmh_discarded_any())
		mmh_discarded_judge(mmh_pacer_used());
}

/*
 * Return: does a pass start now?
 *
 * After a failure the next try is what the timer waits for from now on.  A request that
 * begins to wait has set the timer: the check is not due yet.
 */
static bool pacer_serve_notes(const struct pacer_notes *notes,
			      struct mmh_pace_memory *memory)
{
	bool waiting = pacer.pace.waiting, start = false;

	lockdep_assert_held(&pacer.lock);
	if (notes->failed)
		pacer_fail(memory);
	if (notes->requested) {
		mmh_count(requests);
		start = pacer_decide(true, notes->least_ms, memory);
	}
	if (notes->due && !notes->failed && (waiting || !notes->requested)) {
		mmh_count(checks);
		start |= pacer_decide(false, 0, memory);
	}
	return start;
}

static void pacer_serve_locked(struct mmh_pace_memory *memory)
{
	struct pacer_notes notes;
	bool start;

	lockdep_assert_held(&pass_lock);
	spin_lock_irq(&pacer.lock);
	notes = pacer.notes;
	pacer.notes = (struct pacer_notes){};
	spin_unlock_irq(&pacer.lock);
	if (notes.requested && pacer.ops->take)
		notes.requested = pacer.ops->take();
	spin_lock_irq(&pacer.lock);
	start = pacer_serve_notes(&notes, memory);
	spin_unlock_irq(&pacer.lock);
	if (start)
		pacer_start_pass();
}

static void pacer_serve(struct work_struct *work)
{
	struct mmh_pace_memory memory = pacer_sums();

	mmh_pacer_judge_discarded();
	mutex_lock(&pass_lock);
	if (pacer.ops)
		pacer_serve_locked(&memory);
	mutex_unlock(&pass_lock);
}

void mmh_pacer_reported(u64 bytes, bool small, int err)
{
	unsigned long flags;

	spin_lock_irqsave(&pacer.lock, flags);
	if (!pacer.ops) {
		/* Stopped: this is the last pass. */
	} else if (err) {
		pacer.notes.failed = true;
		pacer_wake();
	} else {
		u64 reused = pacer.pace.reused;

		mmh_pace_reported(&pacer.pace, pacer_now(), pacer_free(), bytes,
				  small);
		pacer_count_reused(reused);
	}
	spin_unlock_irqrestore(&pacer.lock, flags);
}

void mmh_pacer_discarded(u64 bytes)
{
	unsigned long flags;

	if (!bytes)
		return;
	spin_lock_irqsave(&pacer.lock, flags);
	mmh_pace_mark_unreported(&pacer.pace, atomic64_xchg(&returned_bytes, 0));
	mmh_pace_discarded(&pacer.pace, pacer_now(), bytes);
	spin_unlock_irqrestore(&pacer.lock, flags);
}

void mmh_pacer_run(void)
{
	mmh_pacer_judge_discarded();
	mutex_lock(&pass_lock);
	if (pacer.ops) {
		spin_lock_irq(&pacer.lock);
		mmh_pace_run(&pacer.pace);
		pacer.deferred = pacer.pace.deferred;
		spin_unlock_irq(&pacer.lock);
		pacer_start_pass();
	}
	mutex_unlock(&pass_lock);
}

void mmh_pacer_forget(void)
{
	struct mmh_pace_memory memory = pacer_sums();
	unsigned long flags;

	mmh_discarded_forget();
	spin_lock_irqsave(&pacer.lock, flags);
	pacer_start_anew(&memory);
	spin_unlock_irqrestore(&pacer.lock, flags);
}

static void pacer_set_ops(const struct mmh_pacer_ops *ops)
{
	mutex_lock(&pass_lock);
	spin_lock_irq(&pacer.lock);
	pacer.ops = ops;
	spin_unlock_irq(&pacer.lock);
	mutex_unlock(&pass_lock);
}

void mmh_pacer_start(const struct mmh_pacer_ops *ops, bool estimate)
{
	struct mmh_pace_memory memory = pacer_sums();

	spin_lock_irq(&pacer.lock);
	pacer_start_anew(&memory);
	pacer_mark(pacer_now(), memory.allocated);
	pacer.notes = (struct pacer_notes){};
	pacer.estimate = estimate;
	spin_unlock_irq(&pacer.lock);
	pacer_set_ops(ops);
}

void mmh_pacer_stop(void)
{
	pacer_set_ops(NULL);
	timer_delete_sync(&check_timer);
	cancel_work_sync(&pacer_work);
}

void mmh_pacer_mark_unreported(u64 bytes)
{
	unsigned long flags;

	spin_lock_irqsave(&pacer.lock, flags);
	mmh_pace_mark_unreported(&pacer.pace, bytes);
	spin_unlock_irqrestore(&pacer.lock, flags);
}

bool mmh_pacer_pcp_is_idle(unsigned long pages)
{
	u64 allocated = pacer_sums().allocated;
	unsigned long flags;
	bool rest;
	u64 now;

	spin_lock_irqsave(&pacer.lock, flags);
	now = pacer_now();
	/* The mark may be the later one: two callers at a time. */
	rest = !pacer.deferred &&
	       mmh_pace_pcp_is_idle(allocated - min(pacer.allocated, allocated),
				    now - pacer.allocated_ms,
				    (u64)pages << PAGE_SHIFT);
	pacer.deferred = false;
	if (!rest)
		pacer_mark(now, allocated);
	spin_unlock_irqrestore(&pacer.lock, flags);
	return rest;
}

unsigned long mmh_pacer_pcp_pages(void)
{
	return pacer_sums().pcp >> PAGE_SHIFT;
}

u64 mmh_pacer_unreported(u64 *allocated)
{
	struct mmh_pace_memory memory = {};
	unsigned long flags;
	u64 reused, bytes;

	if (allocated) {
		memory = pacer_sums();
		*allocated = memory.allocated + atomic64_read(&driver_bytes);
	}
	spin_lock_irqsave(&pacer.lock, flags);
	reused = pacer.pace.reused;
	memory.free = pacer_free();
	if (!allocated)
		memory.pcp = pacer.pace.pcp;
	bytes = mmh_pace_observe(&pacer.pace, pacer_now(), &memory);
	pacer_count_reused(reused);
	spin_unlock_irqrestore(&pacer.lock, flags);
	return bytes;
}

bool mmh_pacer_is_waiting(void)
{
	return timer_pending(&check_timer) || work_pending(&pacer_work);
}

bool mmh_pacer_was_idle(void)
{
	return READ_ONCE(pacer.pace.was_idle);
}

unsigned int mmh_pacer_deferred_ms(void)
{
	return READ_ONCE(pacer.pace.deferred);
}

unsigned int mmh_pacer_level(void)
{
	return READ_ONCE(pacer.pace.level);
}

u64 mmh_pacer_reported_free(void)
{
	return READ_ONCE(pacer.pace.reported_free);
}
