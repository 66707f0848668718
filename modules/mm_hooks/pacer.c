// SPDX-License-Identifier: GPL-2.0-only
/*
 * The pacer: lets the kernel's reporting passes go when pace.c says so.
 *
 * The kernel queues a pass two seconds after a free.  The pacer sees that
 * (arming.c), takes the delayed_work off its timer, and looks again after
 * delay_ms with a timer of its own; the pass runs when pace_check() agrees.
 * While nothing is freed, no timer is pending: an idle guest is not woken.
 *
 * Who may run at the same time: pacer_armed() in hard interrupt context,
 * pacer_check() in soft interrupt context, mm_hooks_pacer_reported() from the
 * pass, mm_hooks_pacer_run() from anywhere.
 */
#include "pacer.h"

#include <linux/irq_work.h>
#include <linux/ktime.h>
#include <linux/mm.h>
#include <linux/spinlock.h>
#include <linux/timer.h>
#include <linux/vmstat.h>
#include <linux/workqueue.h>

#include "arming.h"
#include "counters.h"
#include "engine.h"
#include "mm_hooks_trace.h"
#include "pace.h"
#include "timer_delete.h"

static void pacer_armed(struct irq_work *irq_work);
static void pacer_check(struct timer_list *timer);

static struct {
	spinlock_t lock;		/* all below, interrupts off */
	struct pace pace;
	struct delayed_work *work;	/* NULL while stopped */
} pacer = {
	.lock = __SPIN_LOCK_UNLOCKED(pacer.lock),
};

static DEFINE_TIMER(check_timer, pacer_check);
static struct irq_work armed_work;

static u64 pacer_now(void)
{
	return ktime_to_ms(ktime_get());
}

static u64 pacer_free(void)
{
	return (u64)global_zone_page_state(NR_FREE_PAGES) << PAGE_SHIFT;
}

/*
 * Queue the pass where the kernel queues it: a work item on two queues could
 * run twice at a time.  Before the first delay the kernel has not said where.
 */
static void pacer_go(struct delayed_work *work)
{
	lockdep_assert_held(&pacer.lock);
	mm_hooks_count(passes);
	mod_delayed_work(work->wq ?: system_freezable_wq, work, 0);
}

/* Shows what was found to be taken again since @retaken. */
static void pacer_count_retaken(u64 retaken)
{
	lockdep_assert_held(&pacer.lock);
	mm_hooks_count_add(retaken_bytes, pacer.pace.retaken - retaken);
}

static void pacer_wait(unsigned int ms)
{
	lockdep_assert_held(&pacer.lock);
	mod_timer(&check_timer, jiffies + msecs_to_jiffies(ms));
}

static void pacer_decide(bool request)
{
	unsigned int delay = mm_hooks_delay_ms();
	struct pace *p = &pacer.pace;
	u64 now = pacer_now();
	u64 free = pacer_free();
	u64 retaken = p->retaken;
	unsigned int wait;

	lockdep_assert_held(&pacer.lock);
	wait = request ? pace_request(p, delay, now, free) :
			 pace_check(p, delay, now, free);
	pacer_count_retaken(retaken);
	trace_mm_hooks_pace(request, free, p->known, p->level, wait);
	if (wait)
		pacer_wait(wait);
	else
		pacer_go(pacer.work);
}

static void pacer_armed(struct irq_work *irq_work)
{
	unsigned long flags;

	spin_lock_irqsave(&pacer.lock, flags);
	/* A pass that somebody has let go since is none of ours. */
	if (pacer.work && timer_pending(&pacer.work->timer) &&
	    cancel_delayed_work(pacer.work)) {
		mm_hooks_count(requests);
		pacer_decide(true);
	}
	spin_unlock_irqrestore(&pacer.lock, flags);
}

static void pacer_check(struct timer_list *timer)
{
	unsigned long flags;

	spin_lock_irqsave(&pacer.lock, flags);
	if (pacer.work) {
		mm_hooks_count(checks);
		pacer_decide(false);
	}
	spin_unlock_irqrestore(&pacer.lock, flags);
}

void mm_hooks_pacer_reported(u64 bytes, int err)
{
	unsigned long flags;

	spin_lock_irqsave(&pacer.lock, flags);
	if (!pacer.work) {
		/* The kernel paces itself: nothing to decide. */
	} else if (err) {
		pacer_wait(pace_failed(&pacer.pace));
	} else {
		u64 retaken = pacer.pace.retaken;

		pace_reported(&pacer.pace, pacer_now(), pacer_free() + bytes,
			      bytes);
		pacer_count_retaken(retaken);
	}
	spin_unlock_irqrestore(&pacer.lock, flags);
}

void mm_hooks_pacer_run(struct delayed_work *work)
{
	unsigned long flags;

	spin_lock_irqsave(&pacer.lock, flags);
	pacer_go(work);
	spin_unlock_irqrestore(&pacer.lock, flags);
}

void mm_hooks_pacer_forget(void)
{
	unsigned long flags;

	spin_lock_irqsave(&pacer.lock, flags);
	pace_init(&pacer.pace, pacer_now(), pacer_free());
	spin_unlock_irqrestore(&pacer.lock, flags);
}

int mm_hooks_pacer_start(struct delayed_work *work)
{
	int err;

	init_irq_work(&armed_work, pacer_armed);
	spin_lock_irq(&pacer.lock);
	pace_init(&pacer.pace, pacer_now(), pacer_free());
	pacer.work = work;
	spin_unlock_irq(&pacer.lock);

	err = mm_hooks_arming_attach(&work->timer, &armed_work);
	if (err) {
		spin_lock_irq(&pacer.lock);
		pacer.work = NULL;
		spin_unlock_irq(&pacer.lock);
	}
	return err;
}

void mm_hooks_pacer_stop(void)
{
	mm_hooks_arming_detach();
	spin_lock_irq(&pacer.lock);
	pacer.work = NULL;
	spin_unlock_irq(&pacer.lock);
	timer_delete_sync(&check_timer);
}

unsigned int mm_hooks_pacer_level(void)
{
	return READ_ONCE(pacer.pace.level);
}

u64 mm_hooks_pacer_known(void)
{
	return READ_ONCE(pacer.pace.known);
}
