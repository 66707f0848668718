// SPDX-License-Identifier: GPL-2.0-only
/*
 * Operations that hang.
 *
 * An operation hangs when neither it ends nor the device uses a buffer for ten seconds.
 * Then the device serves all its queues again.  What hangs on after that never ends.
 */
#include <linux/jiffies.h>
#include <linux/printk.h>
#include <linux/workqueue.h>

#include "fake_host.h"
#include "fuzz.h"

#define WATCH_TICK HZ
#define WATCH_HANG (10 * HZ)
#define WATCH_WEDGED (40 * HZ)

static const char *current_op;
static unsigned int op_number;
static void watch_func(struct work_struct *work);
static DECLARE_DELAYED_WORK(watch_work, watch_func);

/* @watch_work only. */
static unsigned long since;
static u64 last_progress;
static bool is_hung;

static u64 progress(void)
{
	u64 sum = READ_ONCE(op_number);
	struct fh_queue *q;

	for (q = fh.q; q < fh.q + FH_QUEUES; q++)
		sum += READ_ONCE(q->acked);
	return sum;
}

static void watch_hang(void)
{
	is_hung = true;
	fz_counts.hangs++;
	pr_info("fake_host: hang %u in %s, %u ms without progress\n", fz_counts.hangs,
		READ_ONCE(current_op), jiffies_to_msecs(jiffies - since));
	fz_rescue();
}

static void watch_func(struct work_struct *work)
{
	u64 now = progress();

	/* A rescued hang counts once, whatever the device then does for it. */
	if (now != last_progress) {
		last_progress = now;
		since = jiffies;
		is_hung = false;
	}
	if (is_hung && time_after(jiffies, since + WATCH_WEDGED)) {
		pr_info("fake_host: %s never ends\n", READ_ONCE(current_op));
		WRITE_ONCE(fz_counts.wedged, true);
		wake_up_all(&fz_wait);
		return;
	}
	if (!is_hung && time_after(jiffies, since + WATCH_HANG))
		watch_hang();
	else if (is_hung)
		fz_rescue();
	queue_delayed_work(system_unbound_wq, &watch_work, WATCH_TICK);
}

void fz_watch(const char *op)
{
	WRITE_ONCE(current_op, op);
	WRITE_ONCE(op_number, op_number + 1);
}

void fz_watch_start(void)
{
	since = jiffies;
	last_progress = progress();
	is_hung = false;
	queue_delayed_work(system_unbound_wq, &watch_work, WATCH_TICK);
}

void fz_watch_stop(void)
{
	cancel_delayed_work_sync(&watch_work);
}
