// SPDX-License-Identifier: GPL-2.0-only
/* The reporting queue: a way to the host for the blocks of mm_hooks. */
#include <linux/scatterlist.h>
#include <linux/virtio_balloon.h>
#include <linux/virtio_config.h>
#include <linux/virtio_ring.h>

#include "balloon_report.h"
#include "balloon_report_trace.h"

/* How often the end of a report is looked for where its interrupt may be lost. */
#define BR_REPORT_POLL (HZ / 10)

static struct br_device *report_device(struct mm_hooks_reporter *rep)
{
	return container_of(rep, struct br_device, reporter);
}

/*
 * The host is done with the chain.  The used length says nothing: one host
 * writes 0, another the sum.
 */
static void report_done(struct br_device *dev, struct mm_hooks_chain *chain,
			int status)
{
	lockdep_assert_held(&dev->q[BR_Q_REPORT].lock);
	list_del(&chain->node);
	atomic_dec(&dev->reports_out);
	WRITE_ONCE(dev->report_late, false);
	if (status) {
		br_count(dev, report_errors);
	} else {
		br_count(dev, reported_chains);
		br_count_add(dev, reported_bytes, chain->bytes);
	}
	trace_balloon_report_report(dev->vdev->index, chain->nents,
				    chain->bytes, status);
	mm_hooks_chain_done(chain, status);
}

static void report_used(struct br_device *dev, void *token)
{
	report_done(dev, token, br_state(dev) == BR_DEAD ? -EIO : 0);
}

void br_report_lose(struct br_device *dev)
{
	struct br_queue *q = &dev->q[BR_Q_REPORT];
	struct mm_hooks_chain *chain, *next;

	spin_lock_irq(&q->lock);
	list_for_each_entry_safe(chain, next, &dev->reports, node)
		report_done(dev, chain, MM_HOOKS_LOST);
	spin_unlock_irq(&q->lock);
}

static void report_list(struct br_device *dev, struct mm_hooks_chain *chain)
{
	struct br_queue *q = &dev->q[BR_Q_REPORT];

	spin_lock_irq(&q->lock);
	list_add_tail(&chain->node, &dev->reports);
	atomic_inc(&dev->reports_out);
	spin_unlock_irq(&q->lock);
}

static void report_unlist(struct br_device *dev, struct mm_hooks_chain *chain)
{
	struct br_queue *q = &dev->q[BR_Q_REPORT];

	spin_lock_irq(&q->lock);
	list_del(&chain->node);
	atomic_dec(&dev->reports_out);
	spin_unlock_irq(&q->lock);
}

static int report_submit(struct mm_hooks_reporter *rep,
			 struct mm_hooks_chain *chain)
{
	struct br_device *dev = report_device(rep);
	int err;

	/* Before it is in the ring: it may be back before this returns. */
	report_list(dev, chain);
	err = br_queue_send(dev, &dev->q[BR_Q_REPORT], chain->sg, chain->nents,
			    true, chain, true);
	if (err)
		report_unlist(dev, chain);
	if (err && err != -ENOSPC)
		br_count(dev, report_errors);
	return err;
}

static void report_poll(struct mm_hooks_reporter *rep, unsigned int waited_ms)
{
	struct br_device *dev = report_device(rep);
	const char *fault;

	if (br_is_over(dev))
		return;
	br_queue_drain(dev, &dev->q[BR_Q_REPORT]);
	fault = br_device_fault(dev);
	if (fault) {
		br_reset(dev, fault);
		return;
	}
	if (waited_ms < br_host_timeout_ms() || !atomic_read(&dev->reports_out))
		return;
	/* Once for each silence. */
	if (!xchg(&dev->report_late, true)) {
		br_count(dev, host_timeouts);
		dev_warn_ratelimited(&dev->vdev->dev,
				     "the host has not acknowledged a report for %u ms: its blocks stay put until it does\n",
				     waited_ms);
	}
}

/* With MUST_TELL_HOST a host that goes on acknowledging has all the time it takes. */
static bool report_may_wait(struct br_device *dev)
{
	struct br_queue *q = &dev->q[BR_Q_REPORT];

	return virtio_has_feature(dev->vdev, VIRTIO_BALLOON_F_MUST_TELL_HOST) &&
	       !br_is_over(dev) &&
	       time_before(jiffies, READ_ONCE(q->acked) + BR_GRACE);
}

static void report_abort(struct mm_hooks_reporter *rep)
{
	struct br_device *dev = report_device(rep);
	struct br_queue *q = &dev->q[BR_Q_REPORT];

	br_queue_drain(dev, q);
	while (atomic_read(&dev->reports_out) && report_may_wait(dev)) {
		wait_event_timeout(q->wait, !atomic_read(&dev->reports_out),
				   BR_REPORT_POLL);
		br_queue_drain(dev, q);
	}
	if (atomic_read(&dev->reports_out))
		br_reset(dev, "the host does not acknowledge what was reported");
}

static const struct mm_hooks_reporter_ops report_ops = {
	.submit = report_submit,
	.poll = report_poll,
	.abort = report_abort,
};

void br_report_init(struct br_device *dev)
{
	dev->q[BR_Q_REPORT].on_used = report_used;
	dev->reporter.ops = &report_ops;
	dev->reporter.name = dev_name(&dev->vdev->dev);
	INIT_LIST_HEAD(&dev->reporter.node);
	INIT_LIST_HEAD(&dev->reports);
}

void br_report_start(struct br_device *dev)
{
	struct virtqueue *vq = dev->q[BR_Q_REPORT].vq;
	int err;

	if (!vq)
		return;
	dev->reporter.capacity = min_t(unsigned int, MM_HOOKS_CHAIN_MAX,
				       virtqueue_get_vring_size(vq));
	err = mm_hooks_reporter_register(&dev->reporter);
	if (err)
		dev_warn(&dev->vdev->dev,
			 "free memory is not reported: error %d\n", err);
}

void br_report_stop(struct br_device *dev)
{
	mm_hooks_reporter_unregister(&dev->reporter);
}
