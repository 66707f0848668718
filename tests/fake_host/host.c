// SPDX-License-Identifier: GPL-2.0-only
/* The host: a thread that reads buffers, keeps them for a while and marks them as used. */
#include <linux/delay.h>
#include <linux/err.h>
#include <linux/jiffies.h>
#include <linux/kthread.h>
#include <linux/limits.h>
#include <linux/minmax.h>
#include <linux/notifier.h>
#include <linux/oom.h>
#include <linux/string.h>
#include <linux/virtio_config.h>

#include "fake_host.h"

/* An incomplete batch is used after this time. */
#define HOST_BATCH_MS 200
/* Period of checking the settings while buffers are in flight. */
#define HOST_TICK max(HZ / 50, 1)

static struct task_struct *thread;

/* fh.lock */
static struct fh_buffer scratch;

/* Handlers of each queue's buffers: when read, and before used. */
static const struct {
	void (*took)(struct fh_queue *q, const struct fh_buffer *buf);
	void (*gives)(struct fh_queue *q, const struct fh_buffer *buf);
} handlers[FH_QUEUES] = {
	[FH_INFLATE] = { fh_took_pfns, fh_gives_pfns },
	[FH_DEFLATE] = { fh_took_pfns, fh_gives_pfns },
	[FH_STATS] = { fh_took_stats, NULL },
	[FH_HINT] = { fh_took_hint, fh_gives_hint },
	[FH_REPORT] = { fh_took_report, fh_gives_report },
};

void fh_host_wake(void)
{
	WRITE_ONCE(fh.kicked, true);
	wake_up(&fh.wait);
}

static u32 used_length(const struct fh_queue *q, const struct fh_buffer *buf)
{
	switch (q->used_len) {
	case FH_LEN_SUM:
		return buf->in + buf->out;
	case FH_LEN_HUGE:
		return U32_MAX;
	}
	return 0;
}

static void host_use(struct fh_queue *q, u16 head)
{
	unsigned int id = q - fh.q;

	if (!fh_ring_read(q, head, &scratch))
		fh_violation("%s changed in flight", q->name);
	else if (handlers[id].gives)
		handlers[id].gives(q, &scratch);
	q->acked++;
	fh_log("%s: used %u, %llu bytes", q->name, head,
	       scratch.in + scratch.out);
	fh_ring_use(q, head, used_length(q, &scratch));
}

static void host_take(struct fh_queue *q)
{
	unsigned int id = q - fh.q;
	u16 head;

	while (q->n_pending < q->ring.num && fh_ring_next(q, &head)) {
		q->last_avail++;
		q->buffers++;
		if (!fh_ring_read(q, head, &scratch)) {
			fh_violation("%s: buffer %u is invalid", q->name,
				     head);
			fh_ring_use(q, head, 0);
			continue;
		}
		fh_log("%s: took %u, %u descriptors, %llu bytes to read, %llu to write",
		       q->name, head, scratch.n, scratch.out, scratch.in);
		q->indirect += scratch.indirect;
		handlers[id].took(q, &scratch);
		if (id == FH_STATS)
			continue;
		q->pending[q->n_pending++] = (struct fh_pending){
			.head = head,
			.due = jiffies + msecs_to_jiffies(q->ack_ms),
		};
	}
}

void fh_host_give(struct fh_queue *q, unsigned int i)
{
	u16 head = q->pending[i].head;

	lockdep_assert_held(&fh.lock);
	q->n_pending--;
	memmove(&q->pending[i], &q->pending[i + 1],
		(q->n_pending - i) * sizeof(q->pending[0]));
	host_use(q, head);
}

static bool host_waits_for_more(const struct fh_queue *q)
{
	return q->n_pending < q->batch &&
	       time_before(jiffies, q->pending[0].due +
				    msecs_to_jiffies(HOST_BATCH_MS));
}

/* End @hold when the guest has been out of memory for @oom_ms. */
static void host_relent(struct fh_queue *q)
{
	unsigned long due = READ_ONCE(q->oom_due);

	if (!due || time_before(jiffies, due))
		return;
	WRITE_ONCE(q->oom_due, 0);
	q->hold = false;
}

static void host_ack(struct fh_queue *q)
{
	unsigned int i;

	host_relent(q);
	if (q->hold || !q->n_pending || host_waits_for_more(q))
		return;
	if (q->bad_id) {
		fh_log("%s: using %u, which is invalid", q->name,
		       q->bad_id - 1);
		fh_ring_use(q, q->bad_id - 1, 0);
		q->bad_id = 0;
		q->hold = true;
		return;
	}
	if (q->reverse) {
		for (i = q->n_pending; i--;)
			if (time_after_eq(jiffies, q->pending[i].due))
				fh_host_give(q, i);
		return;
	}
	while (q->n_pending && time_after_eq(jiffies, q->pending[0].due))
		fh_host_give(q, 0);
}

static void host_stats(struct fh_queue *q)
{
	if (!q->vq || q->hold || !fh.stats_held || !fh.stats_wanted)
		return;
	fh.stats_held = false;
	fh.stats_wanted = false;
	host_use(q, fh.stats_head);
}

/* Return: jiffies until the next run. */
static long host_run(void)
{
	long next = MAX_SCHEDULE_TIMEOUT;
	struct fh_queue *q;

	mutex_lock(&fh.lock);
	if (fh_serves() && !fh.stopped && !fh.gone) {
		for (q = fh.q; q < fh.q + FH_QUEUES; q++) {
			if (!q->vq || !q->enabled)
				continue;
			host_take(q);
			host_ack(q);
		}
		host_stats(&fh.q[FH_STATS]);
	}
	for (q = fh.q; q < fh.q + FH_QUEUES; q++)
		if (q->n_pending)
			next = HOST_TICK;
	if (fh.stopped || fh.tricks.polls)
		next = HOST_TICK;
	mutex_unlock(&fh.lock);
	return next;
}

/* Once, just after DRIVER_OK. */
static void host_die(void)
{
	u32 us = READ_ONCE(fh.die_us);

	if (!us || !fh_live())
		return;
	WRITE_ONCE(fh.die_us, 0);
	usleep_range(us, us + 1);
	mutex_lock(&fh.lock);
	if (fh_live() && fh.q[FH_INFLATE].vq)
		fh_ring_use(&fh.q[FH_INFLATE], fh.q[FH_INFLATE].size, 0);
	mutex_unlock(&fh.lock);
}

static int host_thread(void *unused)
{
	long next;

	while (!kthread_should_stop()) {
		WRITE_ONCE(fh.kicked, false);
		host_die();
		next = host_run();
		wait_event_interruptible_timeout(fh.wait,
						 READ_ONCE(fh.kicked) ||
						 kthread_should_stop(), next);
	}
	return 0;
}

void fh_host_forget(void)
{
	struct fh_queue *q;

	lockdep_assert_held(&fh.lock);
	for (q = fh.q; q < fh.q + FH_QUEUES; q++) {
		q->n_pending = 0;
		q->enabled = false;
	}
	fh.hint_id = 0;
	fh.hint_said = 0;
	fh.stats_held = false;
	fh.stats_wanted = false;
	fh.stats_tags_n = 0;
}

/* Runs in any failed allocation, so it takes no lock. */
static int on_oom(struct notifier_block *nb, unsigned long unused, void *freed)
{
	struct fh_queue *q;

	for (q = fh.q; q < fh.q + FH_QUEUES; q++)
		if (q->hold && q->oom_ms && !READ_ONCE(q->oom_due))
			WRITE_ONCE(q->oom_due,
				   (jiffies + msecs_to_jiffies(q->oom_ms)) | 1);
	return NOTIFY_OK;
}

/* Runs before the driver's notifier. */
static struct notifier_block oom_nb = {
	.notifier_call = on_oom,
	.priority = INT_MAX,
};

void fh_ask_stats(void)
{
	mutex_lock(&fh.lock);
	fh.stats_wanted = true;
	mutex_unlock(&fh.lock);
	fh_host_wake();
}

int fh_host_start(void)
{
	int err;

	init_waitqueue_head(&fh.wait);
	thread = kthread_run(host_thread, NULL, "fake_host");
	if (IS_ERR(thread))
		return PTR_ERR(thread);
	err = register_oom_notifier(&oom_nb);
	if (err)
		kthread_stop(thread);
	return err;
}

void fh_host_stop(void)
{
	unregister_oom_notifier(&oom_nb);
	kthread_stop(thread);
}
