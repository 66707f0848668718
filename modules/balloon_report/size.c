// SPDX-License-Identifier: GPL-2.0-only
/*
 * The size worker: brings the balloon to the size that the device asks for.
 *
 * Memory that is available above the floor inflates at once.  For more than that the
 * guest reclaims: see reserve.c.
 */
#include "size.h"

#include <linux/jiffies.h>
#include <linux/limits.h>
#include <linux/mm.h>
#include <linux/virtio_balloon.h>
#include <linux/virtio_config.h>

#include "backoff.h"
#include "balloon.h"
#include "oom.h"
#include "params.h"
#include "state.h"
#include "target.h"
#include "work.h"

/* Chunks for each run of the work item, so that it can be stopped and frozen. */
#define SIZE_BATCH 16

/* Jiffies between two messages that inflation stopped. */
#define SIZE_MESSAGE_INTERVAL (60 * HZ)

static u32 size_read_num_pages(struct br_device *dev)
{
	u32 pages;

	virtio_cread_le(dev->vdev, struct virtio_balloon_config, num_pages,
			&pages);
	return pages;
}

static void size_write_actual(struct br_device *dev)
{
	mutex_lock(&dev->balloon.lock);
	br_balloon_write_actual(dev);
	mutex_unlock(&dev->balloon.lock);
}

void br_size_start(struct br_device *dev)
{
	dev->size.err = 0;
	dev->size.failures = 0;
}

/* The guest's memory, the balloon included. */
static u64 size_total(struct br_device *dev)
{
	u64 total = totalram_pages();

	if (dev->balloon.info.adjust_managed_page_count)
		total += READ_ONCE(dev->balloon.num_inflated);
	return total;
}

static struct br_next size_next(struct br_device *dev)
{
	u32 num_pages = size_read_num_pages(dev);
	struct br_sizing s = {
		.num_pages = br_pages_from_device(num_pages),
		.available = max(si_mem_available(), 0L),
		.total = size_total(dev),
		.may_inflate = dev->plan.inflate,
	};
	struct br_size *size = &dev->size;
	struct br_next next;

	size->floor_mb = br_floor_mb();
	size->floor = br_floor_pages((u64)size->floor_mb << (20 - PAGE_SHIFT),
				     s.total);
	s.floor = size->floor;
	mutex_lock(&dev->balloon.lock);
	s.num_inflated = dev->balloon.num_inflated;
	s.limit = br_oom_limit_left(dev) ? dev->oom.limit : U32_MAX;
	mutex_unlock(&dev->balloon.lock);
	next = br_step_next(&s);
	WRITE_ONCE(size->num_pages, num_pages);
	WRITE_ONCE(size->target, next.step == BR_STEP_DEFLATE ?
				 s.num_pages : s.num_inflated + next.pages);
	return next;
}

static int size_deflate(struct br_device *dev, unsigned int n)
{
	int ret;

	mutex_lock(&dev->balloon.lock);
	ret = br_balloon_deflate(dev, n);
	mutex_unlock(&dev->balloon.lock);
	/* All pages are isolated by compaction; retry. */
	return ret ? ret : -EAGAIN;
}

/* One chunk towards the target.  Return: see br_balloon_inflate(). */
static int size_step(struct br_device *dev, bool *reclaims)
{
	struct br_next next = size_next(dev);
	bool oom = atomic_read(&dev->oom.waiters);

	*reclaims = next.step == BR_STEP_RECLAIM;
	switch (next.step) {
	case BR_STEP_DEFLATE:
		br_reserve_free(&dev->reserve);
		/* The OOM notifier deflates first. */
		return oom ? -EAGAIN : size_deflate(dev, next.pages);
	case BR_STEP_RECLAIM:
		if (oom || !br_reserve_fill(dev, dev->size.floor))
			return -ENOMEM;
		fallthrough;
	case BR_STEP_INFLATE:
		return oom ? -ENOMEM : br_balloon_inflate(dev, next.pages);
	case BR_STEP_FLOOR:
		return -ENOMEM;
	case BR_STEP_OOM_LIMIT:
	case BR_STEP_NONE:
		break;
	}
	/* A late chunk queues the work, unless its interrupt is lost. */
	return br_balloon_num_quarantined(dev) ? -EBUSY : 0;
}

static void size_report_stop(struct br_device *dev, unsigned int ms)
{
	if (__ratelimit(&dev->size.ratelimit))
		dev_info(&dev->vdev->dev,
			 "inflation stopped at %llu of %u pages (floor_mb); retry in %u ms\n",
			 br_pages_to_device(dev->balloon.num_inflated),
			 dev->size.num_pages, ms);
}

static void size_retry(struct br_device *dev, int err, bool first)
{
	unsigned int ms;

	/* This run has put the guest out of memory. */
	if (br_reserve_is_oom_freed(&dev->reserve))
		dev->size.failures = BR_FAILURES_MAX;
	ms = br_backoff_ms(dev->size.failures);
	if (err == -ENOMEM) {
		br_count(dev, alloc_failures);
		WRITE_ONCE(dev->size.target, dev->balloon.num_inflated);
		if (first)
			size_report_stop(dev, ms);
	}
	dev->size.err = err;
	dev->size.retry_at = jiffies + msecs_to_jiffies(ms);
	br_work_queue(dev, &dev->size.work, msecs_to_jiffies(ms));
}

/*
 * The device may announce a change of another field, or none at all.  Then the guest
 * does not reclaim again before the wait ends.  Another size or floor ends the wait.
 *
 * Return: jiffies that are left of the wait after a failure.
 */
static unsigned long size_wait_left(struct br_device *dev)
{
	struct br_size *size = &dev->size;
	long left = size->retry_at - jiffies;

	if (size_read_num_pages(dev) != size->num_pages ||
	    br_floor_mb() != size->floor_mb) {
		size->failures = 0;
		size->err = 0;
	}
	return size->err == -ENOMEM ? max(left, 0L) : 0;
}

/* Reclaim is one run, however long, so that the reserve is filled once. */
static struct br_run size_run(struct br_device *dev)
{
	struct br_run run = {};
	unsigned int i;
	bool reclaims;

	br_reserve_begin(&dev->reserve);
	for (i = 0; br_is_runnable(dev) &&
	     (i < SIZE_BATCH || br_reserve_has_pages(&dev->reserve)); i++) {
		run.ret = size_step(dev, &reclaims);
		run.reclaims |= reclaims;
		if (run.ret <= 0)
			break;
		run.pages += run.ret;
		if (i % SIZE_BATCH == SIZE_BATCH - 1)
			size_write_actual(dev);
	}
	run.reserve = dev->size.floor;
	br_reserve_free(&dev->reserve);
	br_balloon_free_spare(dev);
	size_write_actual(dev);
	return run;
}

static void size_work(struct br_device *dev)
{
	struct br_run run;
	unsigned long left;
	bool first;

	br_balloon_reap(dev);
	left = size_wait_left(dev);
	if (left) {
		size_write_actual(dev);
		br_work_queue(dev, &dev->size.work, left);
		return;
	}
	first = !dev->size.failures;
	run = size_run(dev);
	if (!br_is_runnable(dev)) {
		/* The rest follows after suspend.  The event may still cancel suspend. */
		br_wakeup_event(dev, BR_WAKEUP_SIZE);
		return;
	}
	dev->size.failures = br_size_failures(dev->size.failures, &run);
	if (run.ret < 0) {
		size_retry(dev, run.ret, first);
		return;
	}
	dev->size.err = 0;
	left = br_oom_limit_left(dev);
	if (run.ret)
		br_size_queue(dev);
	else if (left)
		br_work_queue(dev, &dev->size.work, left);
}

static void size_func(struct work_struct *work)
{
	struct br_device *dev =
		container_of(work, struct br_device, size.work.work);

	br_wakeup_begin(dev, BR_WAKEUP_SIZE);
	size_work(dev);
	br_wakeup_end(dev, BR_WAKEUP_SIZE);
}

void br_size_queue(struct br_device *dev)
{
	br_wakeup_event(dev, BR_WAKEUP_SIZE);
	br_work_queue(dev, &dev->size.work, 0);
}

void br_size_init(struct br_device *dev)
{
	struct ratelimit_state *ratelimit = &dev->size.ratelimit;

	INIT_DELAYED_WORK(&dev->size.work, size_func);
	ratelimit_state_init(ratelimit, SIZE_MESSAGE_INTERVAL, 1);
	ratelimit_set_flags(ratelimit, RATELIMIT_MSG_ON_RELEASE);
}
