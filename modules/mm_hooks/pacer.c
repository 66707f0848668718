// SPDX-License-Identifier: GPL-2.0-only
/*
 * The pacer: lets reporting passes go when pace.c says so.
 *
 * An engine that hears of memory becoming free makes a request; the pacer looks
 * again after delay_ms, with a timer of its own, and the pass goes when
 * pace_check() agrees.  While nothing is freed, no timer is pending: an idle
 * guest is not woken.
 *
 * A decision needs sums over all processors.  Only process context adds them up:
 * a request, the timer and a failed report leave a note and queue pacer_work.
 *
 * Who may run at the same time: mm_hooks_pacer_request() in hard interrupt
 * context, pacer_due() in soft interrupt context, mm_hooks_pacer_reported()
 * from the pass, pacer_serve() from a workqueue, mm_hooks_pacer_run() from
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

#include "counters.h"
#include "discarded.h"
#include "mm_hooks_trace.h"
#include "pace.h"
#include "params.h"
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
 * @take:      takes the pass of that request from where it waits, NULL for none
 * @due:       the timer has expired
 * @failed:    a report has failed
 */
struct pacer_notes {
	bool requested;
	unsigned int least_ms;
	bool (*take)(void);
	bool due;
	bool failed;
};

static struct {
	spinlock_t lock;	/* all below, interrupts off */
	struct pace pace;
	struct pacer_notes notes;
	void (*go)(void);	/* NULL while stopped */
	bool estimate;
	u64 allocated;		/* in all, when the checks began to be calm */
	u64 allocated_ms;	/* when that was */
	bool held;		/* the last pass was, and the lists not asked for since */
} pacer = {
	.lock = __SPIN_LOCK_UNLOCKED(pacer.lock),
};

static struct {
	struct mutex lock;	/* all below */
	struct pace_memory memory;
	u64 made_ms;		/* 0: never */
} sums = {
	.lock = __MUTEX_INITIALIZER(sums.lock),
};

static DEFINE_TIMER(check_timer, pacer_due);
static DECLARE_WORK(pacer_work, pacer_serve);
static atomic64_t out_bytes = ATOMIC64_INIT(0);	/* off the free lists, not in use */
static atomic64_t driver_bytes = ATOMIC64_INIT(0);	/* ever allocated for the host */
static atomic64_t returned_bytes = ATOMIC64_INIT(0);	/* since pacer_free() */

static u64 pacer_now(void)
{
	return ktime_to_ms(ktime_get());
}

static void pacer_go(void)
{
	lockdep_assert_held(&pacer.lock);
	mm_hooks_count(passes);
	pacer.held = pacer.pace.held;
	pacer.go();
}

/* Shows what was found to be taken again since @retaken. */
static void pacer_count_retaken(u64 retaken)
{
	lockdep_assert_held(&pacer.lock);
	if (pacer.estimate)
		mm_hooks_count_add(retaken_bytes,
				   pacer.pace.retaken - retaken);
}

/* A check that is due earlier stays. */
static void pacer_wait(unsigned int ms)
{
	lockdep_assert_held(&pacer.lock);
	timer_reduce(&check_timer, jiffies + msecs_to_jiffies(ms));
}

/* A driver's pages may be counted a moment before they are said to be its own. */
static u64 pacer_allocated(void)
{
	u64 drivers = atomic64_read(&driver_bytes);
	u64 all = mm_hooks_pcp_allocated();

	return all - min(drivers, all);
}

/*
 * Over all processors, so process context only, and before pacer.lock is taken.  A
 * pass begins right after the check that let it go, and takes the sums of that.
 */
static struct pace_memory pacer_sums(void)
{
	struct pace_memory memory;
	u64 now = pacer_now();

	mutex_lock(&sums.lock);
	if (!sums.made_ms || now - sums.made_ms >= PACER_SUMS_MS) {
		sums.memory = (struct pace_memory){
			.lists = (u64)mm_hooks_pcp_pages() << PAGE_SHIFT,
			.allocated = pacer_allocated(),
		};
		sums.made_ms = now;
	}
	memory = sums.memory;
	mutex_unlock(&sums.lock);
	return memory;
}

/* What drivers have given back is unknown before it counts as out no more. */
static u64 pacer_free(void)
{
	lockdep_assert_held(&pacer.lock);
	pace_unknown(&pacer.pace, atomic64_xchg(&returned_bytes, 0));
	return ((u64)global_zone_page_state(NR_FREE_PAGES) << PAGE_SHIFT) +
	       atomic64_read(&out_bytes);
}

static void pacer_start_anew(struct pace_memory *memory)
{
	memory->free = pacer_free();
	pace_init(&pacer.pace, pacer_now(), memory);
}

/* What is allocated from now on says whether the processors' lists are in use. */
static void pacer_mark(u64 now, u64 allocated)
{
	lockdep_assert_held(&pacer.lock);
	pacer.allocated = allocated;
	pacer.allocated_ms = now;
}

static void pacer_decide(bool request, unsigned int least,
			 struct pace_memory *memory)
{
	unsigned int delay = mm_hooks_delay_ms();
	struct pace *p = &pacer.pace;
	u64 now = pacer_now();
	u64 retaken = p->retaken;
	unsigned int wait;

	lockdep_assert_held(&pacer.lock);
	memory->free = pacer_free();
	wait = request ? max(pace_request(p, delay, now, memory), least) :
			 pace_check(p, delay, now, memory);
	pacer_count_retaken(retaken);
	trace_mm_hooks_pace(request, memory, p->known, p->level, wait);
	if (wait && !p->calm)
		pacer_mark(now, memory->allocated);
	if (wait)
		pacer_wait(wait);
	else
		pacer_go();
}

static void pacer_wake(void)
{
	lockdep_assert_held(&pacer.lock);
	queue_work(system_freezable_wq, &pacer_work);
}

/* Where @take is given it has the last word. */
static void pacer_request(unsigned int least_ms, bool (*take)(void))
{
	struct pacer_notes *notes = &pacer.notes;
	unsigned long flags;

	spin_lock_irqsave(&pacer.lock, flags);
	if (pacer.go) {
		if (notes->requested)
			least_ms = min(least_ms, notes->least_ms);
		notes->least_ms = least_ms;
		notes->take = take;
		notes->requested = true;
		pacer_wake();
	}
	spin_unlock_irqrestore(&pacer.lock, flags);
}

void mm_hooks_pacer_request(unsigned int least_ms)
{
	pacer_request(least_ms, NULL);
}

void mm_hooks_pacer_take_over(bool (*take)(void))
{
	pacer_request(0, take);
}

void mm_hooks_pacer_hurry(void)
{
	unsigned long flags;

	spin_lock_irqsave(&pacer.lock, flags);
	if (pacer.go && timer_pending(&check_timer))
		pacer_wait(mm_hooks_delay_ms());
	spin_unlock_irqrestore(&pacer.lock, flags);
}

static void pacer_due(struct timer_list *timer)
{
	unsigned long flags;

	spin_lock_irqsave(&pacer.lock, flags);
	if (pacer.go) {
		pacer.notes.due = true;
		pacer_wake();
	}
	spin_unlock_irqrestore(&pacer.lock, flags);
}

void mm_hooks_pacer_out(s64 bytes)
{
	atomic64_add(bytes, &out_bytes);
}

static void pacer_fail(struct pace_memory *memory)
{
	u64 retaken = pacer.pace.retaken;
	unsigned int wait;

	lockdep_assert_held(&pacer.lock);
	memory->free = pacer_free();
	wait = pace_failed(&pacer.pace, pacer_now(), memory);
	pacer_count_retaken(retaken);
	mod_timer(&check_timer, jiffies + msecs_to_jiffies(wait));
}

void mm_hooks_pacer_taken(u64 bytes)
{
	atomic64_add(bytes, &driver_bytes);
	mm_hooks_pacer_out(bytes);
}

void mm_hooks_pacer_returned(u64 bytes)
{
	atomic64_add(bytes, &returned_bytes);
	mm_hooks_pacer_out(-(s64)bytes);
}

u64 mm_hooks_pacer_used(void)
{
	return pacer_sums().allocated + mm_hooks_pcp_migrated();
}

/*
 * After a failure the next try is what the timer waits for from now on.  A request that
 * begins to wait has set the timer: the check is not due yet.
 */
static void pacer_serve_locked(struct pace_memory *memory)
{
	struct pacer_notes notes = pacer.notes;
	bool waiting = pacer.pace.waiting;

	lockdep_assert_held(&pacer.lock);
	pacer.notes = (struct pacer_notes){};
	if (notes.failed)
		pacer_fail(memory);
	notes.requested = notes.requested && (!notes.take || notes.take());
	if (notes.requested) {
		mm_hooks_count(requests);
		pacer_decide(true, notes.least_ms, memory);
	}
	if (notes.due && !notes.failed && (waiting || !notes.requested)) {
		mm_hooks_count(checks);
		pacer_decide(false, 0, memory);
	}
}

static void pacer_serve(struct work_struct *work)
{
	struct pace_memory memory = pacer_sums();

	mm_hooks_discarded_judge();
	spin_lock_irq(&pacer.lock);
	if (pacer.go)
		pacer_serve_locked(&memory);
	spin_unlock_irq(&pacer.lock);
}

void mm_hooks_pacer_reported(u64 bytes, int err)
{
	unsigned long flags;

	spin_lock_irqsave(&pacer.lock, flags);
	if (!pacer.go) {
		/* Stopped: this is the last pass. */
	} else if (err) {
		pacer.notes.failed = true;
		pacer_wake();
	} else {
		u64 retaken = pacer.pace.retaken;

		pace_reported(&pacer.pace, pacer_now(), pacer_free(), bytes);
		pacer_count_retaken(retaken);
	}
	spin_unlock_irqrestore(&pacer.lock, flags);
}

void mm_hooks_pacer_discarded(u64 bytes)
{
	unsigned long flags;

	if (!bytes)
		return;
	spin_lock_irqsave(&pacer.lock, flags);
	pace_unknown(&pacer.pace, atomic64_xchg(&returned_bytes, 0));
	pace_discarded(&pacer.pace, pacer_now(), bytes);
	spin_unlock_irqrestore(&pacer.lock, flags);
}

void mm_hooks_pacer_run(void)
{
	unsigned long flags;

	mm_hooks_discarded_judge();
	spin_lock_irqsave(&pacer.lock, flags);
	if (pacer.go) {
		pace_run(&pacer.pace);
		pacer_go();
	}
	spin_unlock_irqrestore(&pacer.lock, flags);
}

void mm_hooks_pacer_forget(void)
{
	struct pace_memory memory = pacer_sums();
	unsigned long flags;

	mm_hooks_discarded_forget();
	spin_lock_irqsave(&pacer.lock, flags);
	pacer_start_anew(&memory);
	spin_unlock_irqrestore(&pacer.lock, flags);
}

void mm_hooks_pacer_start(void (*go)(void), bool estimate)
{
	struct pace_memory memory = pacer_sums();

	spin_lock_irq(&pacer.lock);
	pacer_start_anew(&memory);
	pacer_mark(pacer_now(), memory.allocated);
	pacer.notes = (struct pacer_notes){};
	pacer.go = go;
	pacer.estimate = estimate;
	spin_unlock_irq(&pacer.lock);
}

void mm_hooks_pacer_stop(void)
{
	spin_lock_irq(&pacer.lock);
	pacer.go = NULL;
	spin_unlock_irq(&pacer.lock);
	timer_delete_sync(&check_timer);
	cancel_work_sync(&pacer_work);
}

void mm_hooks_pacer_unknown(u64 bytes)
{
	unsigned long flags;

	spin_lock_irqsave(&pacer.lock, flags);
	pace_unknown(&pacer.pace, bytes);
	spin_unlock_irqrestore(&pacer.lock, flags);
}

bool mm_hooks_pacer_lists_rest(unsigned long pages)
{
	u64 allocated = pacer_sums().allocated;
	unsigned long flags;
	bool rest;
	u64 now;

	spin_lock_irqsave(&pacer.lock, flags);
	now = pacer_now();
	/* The mark may be the later one: two of us at a time. */
	rest = !pacer.held &&
	       pace_lists_rest(allocated - min(pacer.allocated, allocated),
			       now - pacer.allocated_ms,
			       (u64)pages << PAGE_SHIFT);
	pacer.held = false;
	if (!rest)
		pacer_mark(now, allocated);
	spin_unlock_irqrestore(&pacer.lock, flags);
	return rest;
}

unsigned long mm_hooks_pacer_listed(void)
{
	return pacer_sums().lists >> PAGE_SHIFT;
}

bool mm_hooks_pacer_is_waiting(void)
{
	return timer_pending(&check_timer) || work_pending(&pacer_work);
}

bool mm_hooks_pacer_was_calm(void)
{
	return READ_ONCE(pacer.pace.was_calm);
}

unsigned int mm_hooks_pacer_held_ms(void)
{
	return READ_ONCE(pacer.pace.held);
}

unsigned int mm_hooks_pacer_level(void)
{
	return READ_ONCE(pacer.pace.level);
}

u64 mm_hooks_pacer_known(void)
{
	return READ_ONCE(pacer.pace.known);
}
