// SPDX-License-Identifier: GPL-2.0-only
/*
 * Start the passes for blocks below report_order, of either engine.
 *
 * No engine hears of a small block that is freed, as that would cost a busy guest.  So a
 * deferrable timer compares free memory with what is reported.  It does not wake a CPU:
 * one that sleeps frees nothing.
 *
 * Who may run at the same time: low_work, one at a time; mmh_low_soon() anywhere;
 * mmh_low_restart() in any process.  These leave a note, which low_work reads before its
 * next check.  So only mmh_low_stop() waits for a pass.
 */
#include "low_work.h"

#include <linux/errno.h>
#include <linux/jiffies.h>
#include <linux/ktime.h>
#include <linux/minmax.h>
#include <linux/mm.h>
#include <linux/spinlock.h>
#include <linux/time64.h>
#include <linux/workqueue.h>

#include "../counters.h"
#include "../settings.h"
#include "../small_age.h"
#include "low.h"
#include "pacer.h"

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
static struct mmh_low low;	/* low_work's */

/**
 * struct low_notes - what happened since the last check
 * @begin:   observe from @now on, nothing is reported
 * @flushed: everything is reported
 * @now:     time of the last note
 * @memory:  the guest at that time
 */
struct low_notes {
	bool begin;
	bool flushed;
	u64 now;
	struct mmh_low_memory memory;
};

static struct {
	spinlock_t lock;		/* all below; work is queued under it only */
	const struct mmh_low_ops *ops;	/* NULL while stopped: nothing is queued */
	struct low_notes notes;
} queue = {
	.lock = __SPIN_LOCK_UNLOCKED(queue.lock),
};

static u64 low_now(void)
{
	return ktime_to_ms(ktime_get());
}

/* While a driver allocates, it splits blocks, and the rest of each is allocated next. */
static struct mmh_low_memory low_memory(void)
{
	struct mmh_low_memory memory;

	memory.unreported = mmh_pacer_unreported(&memory.used);
	return memory;
}

/* Return: the engine's functions, NULL while stopped. */
static const struct mmh_low_ops *low_take_notes(struct low_notes *notes)
{
	const struct mmh_low_ops *ops;

	spin_lock_irq(&queue.lock);
	ops = queue.ops;
	*notes = queue.notes;
	queue.notes = (struct low_notes){};
	spin_unlock_irq(&queue.lock);
	return ops;
}

static void low_read_notes(const struct low_notes *notes)
{
	u64 total = (u64)totalram_pages() << PAGE_SHIFT;

	if (notes->begin)
		mmh_low_init(&low, notes->now, total, &notes->memory);
	if (notes->flushed)
		mmh_low_flushed(&low, &notes->memory);
}

/* What an administrator has set meanwhile is noticed here, too. */
static enum mmh_low_step low_check(const struct mmh_low_ops *ops)
{
	struct mmh_low_memory memory = low_memory();
	u64 age = mmh_small_age(mmh_min_age_ms(), mmh_pacer_level(), MSEC_PER_SEC);

	mmh_count(low_checks);
	if (!ops->follow())
		return LOW_WATCH;
	return mmh_low_check(&low, low_now(), age, mmh_report_order(), mmh_low_order(),
			     &memory);
}

static void low_run(const struct mmh_low_ops *ops)
{
	const struct mmh_low_pass pass = {
		.order = low.order,
		.reports = LOW_RATE * LOW_TICK_MS / 1000,
		.again = low.again,
	};
	struct mmh_low_memory memory = low.last;
	struct mmh_low_result result = {};
	int err = ops->run(&pass, &result);

	memory.unreported = mmh_pacer_unreported(NULL);
	if (!err)
		mmh_low_passed(&low, mmh_low_order(), result.bytes, result.cut, &memory);
	else if (err != -EBUSY)
		mmh_low_failed(&low, low_now());
}

/* A report has queued low_work for later. */
static void low_next_locked(enum mmh_low_step step)
{
	unsigned int ms = step == LOW_PASS ? LOW_TICK_MS : LOW_WAIT_MS;

	lockdep_assert_held(&queue.lock);
	if (step == LOW_WATCH)
		queue_delayed_work(system_freezable_wq, &low_watch,
				   msecs_to_jiffies(LOW_WATCH_MS));
	else
		mod_delayed_work(system_freezable_wq, &low_work, msecs_to_jiffies(ms));
}

static void low_work_fn(struct work_struct *work)
{
	const struct mmh_low_ops *ops;
	enum mmh_low_step step;
	struct low_notes notes;

	ops = low_take_notes(&notes);
	if (!ops)
		return;
	low_read_notes(&notes);
	step = low_check(ops);
	if (step == LOW_PASS)
		low_run(ops);
	spin_lock_irq(&queue.lock);
	if (queue.ops)
		low_next_locked(step);
	spin_unlock_irq(&queue.lock);
}

static void low_watch_fn(struct work_struct *work)
{
	spin_lock_irq(&queue.lock);
	if (queue.ops)
		mod_delayed_work(system_freezable_wq, &low_work, 0);
	spin_unlock_irq(&queue.lock);
}

/* A later note of a flush does not hide one that all is unreported, nor the reverse. */
static void low_note_locked(bool flushed, u64 now, const struct mmh_low_memory *memory)
{
	struct low_notes *notes = &queue.notes;

	lockdep_assert_held(&queue.lock);
	notes->begin |= !flushed;
	notes->flushed = flushed;
	notes->now = now;
	notes->memory = *memory;
	if (!flushed)
		low_next_locked(LOW_WAIT);
}

void mmh_low_start(const struct mmh_low_ops *ops)
{
	struct mmh_low_memory memory = low_memory();

	spin_lock_irq(&queue.lock);
	queue.ops = ops;
	low_note_locked(false, low_now(), &memory);
	spin_unlock_irq(&queue.lock);
}

void mmh_low_stop(void)
{
	spin_lock_irq(&queue.lock);
	queue.ops = NULL;
	spin_unlock_irq(&queue.lock);
	cancel_delayed_work_sync(&low_watch);
	cancel_delayed_work_sync(&low_work);
}

void mmh_low_soon(void)
{
	unsigned long flags;

	spin_lock_irqsave(&queue.lock, flags);
	if (queue.ops)
		queue_delayed_work(system_freezable_wq, &low_work,
				   msecs_to_jiffies(SMALL_AGE_MS));
	spin_unlock_irqrestore(&queue.lock, flags);
}

void mmh_low_restart(bool flushed)
{
	struct mmh_low_memory memory = low_memory();

	spin_lock_irq(&queue.lock);
	if (queue.ops)
		low_note_locked(flushed, low_now(), &memory);
	spin_unlock_irq(&queue.lock);
}
