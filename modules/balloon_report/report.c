// SPDX-License-Identifier: GPL-2.0-only
/* Free page reporting: the reporting queue as a reporter of mm_hooks. */
#include "report.h"

#include <linux/scatterlist.h>
#include <linux/virtio_balloon.h>
#include <linux/virtio_config.h>
#include <linux/virtio_ring.h>

#include "params.h"
#include "queue.h"
#include "state.h"

/* Jiffies between two polls for completed reports, whose interrupt may be lost. */
#define REPORT_POLL (HZ / 10)

static struct br_device *report_device(struct mmh_reporter *rep)
{
	return container_of(rep, struct br_device, reporting.reporter);
}

static struct br_queue *report_queue(struct br_device *dev)
{
	return &dev->q[BR_Q_REPORT];
}

/*
 * Complete a report.  The used length is not checked: some devices write 0, others the
 * length of all blocks.
 */
static void report_complete(struct br_device *dev, struct mmh_report *report,
			    int status)
{
	lockdep_assert_held(&report_queue(dev)->lock);
	list_del(&report->node);
	atomic_dec(&dev->reporting.num_inflight);
	WRITE_ONCE(dev->reporting.late, false);
	mmh_report_done(report, status);
}

static void report_on_used(struct br_device *dev, void *token)
{
	report_complete(dev, token, br_state(dev) == BR_DEAD ? -EIO : 0);
}

/* Return: 0, since mm_hooks counts these pages. */
static unsigned long report_on_lost(struct br_device *dev)
{
	struct br_queue *q = report_queue(dev);
	struct mmh_report *report, *next;

	spin_lock_irq(&q->lock);
	list_for_each_entry_safe(report, next, &dev->reporting.inflight, node)
		report_complete(dev, report, MMH_LOST);
	spin_unlock_irq(&q->lock);
	return 0;
}

static void report_list(struct br_device *dev, struct mmh_report *report)
{
	struct br_queue *q = report_queue(dev);

	spin_lock_irq(&q->lock);
	list_add_tail(&report->node, &dev->reporting.inflight);
	atomic_inc(&dev->reporting.num_inflight);
	spin_unlock_irq(&q->lock);
}

static void report_unlist(struct br_device *dev, struct mmh_report *report)
{
	struct br_queue *q = report_queue(dev);

	spin_lock_irq(&q->lock);
	list_del(&report->node);
	atomic_dec(&dev->reporting.num_inflight);
	spin_unlock_irq(&q->lock);
}

static int report_submit(struct mmh_reporter *rep, struct mmh_report *report)
{
	struct br_device *dev = report_device(rep);
	int err;

	/* Before the send: the report may complete before that returns. */
	report_list(dev, report);
	err = br_queue_send(dev, report_queue(dev), report->sg, report->nents,
			    true, report, true);
	if (err)
		report_unlist(dev, report);
	return err;
}

static void report_timed_out(struct br_device *dev, unsigned int waited_ms)
{
	br_count(dev, host_timeouts);
	dev_warn_ratelimited(&dev->vdev->dev,
			     "report in flight for %u ms: its blocks stay isolated until the device uses it\n",
			     waited_ms);
}

static void report_poll(struct mmh_reporter *rep, unsigned int waited_ms)
{
	struct br_device *dev = report_device(rep);
	struct br_reporting *reporting = &dev->reporting;
	const char *fault;

	if (br_is_unusable(dev))
		return;
	br_queue_drain(dev, report_queue(dev));
	fault = br_device_find_fault(dev);
	if (fault) {
		br_device_reset(dev, fault);
		return;
	}
	if (waited_ms < br_host_timeout_ms() ||
	    !atomic_read(&reporting->num_inflight))
		return;
	/* Once until the next report completes. */
	if (!xchg(&reporting->late, true))
		report_timed_out(dev, waited_ms);
}

/* With MUST_TELL_HOST the wait goes on as long as the device uses buffers. */
static bool report_may_wait(struct br_device *dev)
{
	return virtio_has_feature(dev->vdev, VIRTIO_BALLOON_F_MUST_TELL_HOST) &&
	       !br_is_unusable(dev) &&
	       time_before(jiffies, READ_ONCE(report_queue(dev)->last_used) + BR_GRACE);
}

static void report_abort(struct mmh_reporter *rep)
{
	struct br_device *dev = report_device(rep);
	struct br_queue *q = report_queue(dev);
	atomic_t *num_inflight = &dev->reporting.num_inflight;

	br_queue_drain(dev, q);
	while (atomic_read(num_inflight) && report_may_wait(dev)) {
		wait_event_timeout(q->wait, !atomic_read(num_inflight),
				   REPORT_POLL);
		br_queue_drain(dev, q);
	}
	if (atomic_read(num_inflight))
		br_device_reset(dev, "reports are still in flight");
}

static const struct mmh_reporter_ops report_ops = {
	.submit = report_submit,
	.poll = report_poll,
	.abort = report_abort,
};

void br_report_init(struct br_device *dev)
{
	struct br_queue *q = report_queue(dev);

	q->on_used = report_on_used;
	q->on_lost = report_on_lost;
	dev->reporting.reporter.ops = &report_ops;
	dev->reporting.reporter.name = dev_name(&dev->vdev->dev);
	INIT_LIST_HEAD(&dev->reporting.reporter.node);
	INIT_LIST_HEAD(&dev->reporting.inflight);
}

void br_report_start(struct br_device *dev)
{
	struct virtqueue *vq = report_queue(dev)->vq;
	int err;

	if (!vq)
		return;
	dev->reporting.reporter.capacity =
		min_t(unsigned int, MMH_REPORT_MAX, virtqueue_get_vring_size(vq));
	err = mmh_reporter_register(&dev->reporting.reporter);
	WRITE_ONCE(dev->reporting.err, err);
	if (err)
		dev_warn(&dev->vdev->dev,
			 "free memory is not reported: failed to register the reporter: %d\n", err);
}

void br_report_stop(struct br_device *dev)
{
	mmh_reporter_unregister(&dev->reporting.reporter);
}
