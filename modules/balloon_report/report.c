// SPDX-License-Identifier: GPL-2.0-only
/* The reporting queue: a way to the host for the blocks of mm_hooks. */
#include <linux/scatterlist.h>
#include <linux/virtio_ring.h>

#include "balloon_report.h"
#include "balloon_report_trace.h"

static struct br_device *report_device(struct mm_hooks_reporter *rep)
{
	return container_of(rep, struct br_device, reporter);
}

/*
 * The host is done with the chain.  The used length says nothing: one host
 * writes 0, another the sum.
 */
static void report_used(struct br_device *dev, void *token)
{
	struct mm_hooks_chain *chain = token;
	int status = br_state(dev) == BR_DEAD ? -EIO : 0;

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

static int report_submit(struct mm_hooks_reporter *rep,
			 struct mm_hooks_chain *chain)
{
	struct br_device *dev = report_device(rep);
	int err;

	/* Before it is in the ring: it may be back before this returns. */
	atomic_inc(&dev->reports_out);
	err = br_queue_send(dev, &dev->q[BR_Q_REPORT], chain->sg, chain->nents,
			    true, chain, true);
	if (err)
		atomic_dec(&dev->reports_out);
	if (err && err != -ENOSPC)
		br_count(dev, report_errors);
	return err;
}

static void report_poll(struct mm_hooks_reporter *rep, unsigned int waited_ms)
{
	struct br_device *dev = report_device(rep);
	struct br_queue *q = &dev->q[BR_Q_REPORT];

	br_queue_drain(dev, q);
	if (br_state(dev) != BR_DEAD && virtqueue_is_broken(q->vq)) {
		br_reset(dev, "the reporting queue is broken");
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

static void report_abort(struct mm_hooks_reporter *rep)
{
	br_reset(report_device(rep),
		 "the host does not acknowledge what was reported");
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
