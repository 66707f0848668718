// SPDX-License-Identifier: GPL-2.0-only
/*
 * Bringing the balloon to the size that the host asks for.
 *
 * What is available above the floor is given at once.  For more than that the
 * guest is squeezed: see cushion.c.
 */
#include "size.h"

#include <linux/jiffies.h>
#include <linux/limits.h>
#include <linux/mm.h>
#include <linux/ratelimit.h>
#include <linux/virtio_balloon.h>
#include <linux/virtio_config.h>

#include "balloon.h"
#include "balloon_report.h"
#include "target.h"

/* Chunks for each run of the work item, so that it can be stopped and frozen. */
#define SIZE_BATCH 16

/* One line in so many jiffies says that the guest has no more to give. */
#define SIZE_LINE_EVERY (60 * HZ)

static unsigned int size_asked(struct br_device *dev)
{
	u32 pages;

	virtio_cread_le(dev->vdev, struct virtio_balloon_config, num_pages,
			&pages);
	return pages;
}

void br_size_publish(struct br_device *dev)
{
	u32 actual = dev->pages_held;

	lockdep_assert_held(&dev->balloon_lock);
	if (br_state(dev) == BR_DEAD || actual == dev->published)
		return;
	dev->published = actual;
	virtio_cwrite_le(dev->vdev, struct virtio_balloon_config, actual,
			 &actual);
}

static void size_publish(struct br_device *dev)
{
	mutex_lock(&dev->balloon_lock);
	br_size_publish(dev);
	mutex_unlock(&dev->balloon_lock);
}

/* QEMU keeps the last size that it was told across a reset. */
void br_size_start(struct br_device *dev)
{
	mutex_lock(&dev->balloon_lock);
	virtio_cread_le(dev->vdev, struct virtio_balloon_config, actual,
			&dev->published);
	mutex_unlock(&dev->balloon_lock);
	dev->failed = 0;
	dev->size_failures = 0;
}

/* The guest's memory, what is in the balloon included. */
static u64 size_total(struct br_device *dev)
{
	u64 total = totalram_pages();

	if (dev->balloon.adjust_managed_page_count)
		total += READ_ONCE(dev->pages_held);
	return total;
}

static struct br_next size_next(struct br_device *dev)
{
	struct br_sizing s = {
		.asked = size_asked(dev),
		.available = max(si_mem_available(), 0L),
		.total = size_total(dev),
		.inflate = dev->plan.inflate,
	};
	struct br_next next;

	dev->floor_mb = br_floor_mb();
	dev->floor = br_floor_pages((u64)dev->floor_mb << (20 - PAGE_SHIFT),
				    s.total);
	s.floor = dev->floor;
	mutex_lock(&dev->balloon_lock);
	s.held = dev->pages_held;
	s.most = br_oom_rest(dev) ? dev->oom_most : U32_MAX;
	mutex_unlock(&dev->balloon_lock);
	next = br_next_step(&s);
	WRITE_ONCE(dev->asked, s.asked);
	WRITE_ONCE(dev->target, next.step == BR_STEP_DEFLATE ?
				s.asked : s.held + next.pages);
	return next;
}

static int size_deflate(struct br_device *dev, unsigned int n)
{
	int ret;

	mutex_lock(&dev->balloon_lock);
	ret = br_balloon_deflate(dev, n);
	mutex_unlock(&dev->balloon_lock);
	/* Compaction has them for a moment. */
	return ret ? ret : -EAGAIN;
}

/* One chunk towards the target.  Return: see br_balloon_inflate(). */
static int size_step(struct br_device *dev, bool *squeezes)
{
	struct br_next next = size_next(dev);
	bool oom = atomic_read(&dev->oom_waiters);

	*squeezes = next.step == BR_STEP_SQUEEZE;
	switch (next.step) {
	case BR_STEP_DEFLATE:
		br_cushion_give(&dev->cushion);
		/* An OOM takes what it needs, and takes it first. */
		return oom ? -EAGAIN : size_deflate(dev, next.pages);
	case BR_STEP_SQUEEZE:
		if (oom || !br_cushion_take(dev, dev->floor))
			return -ENOMEM;
		fallthrough;
	case BR_STEP_INFLATE:
		return oom ? -ENOMEM : br_balloon_inflate(dev, next.pages);
	case BR_STEP_STUCK:
		return -ENOMEM;
	case BR_STEP_REST:
	case BR_STEP_NONE:
		break;
	}
	/* A late chunk queues the work, unless its interrupt is lost. */
	return br_balloon_quarantined(dev) ? -EBUSY : 0;
}

static void size_say_stuck(struct br_device *dev, unsigned int ms)
{
	if (__ratelimit(&dev->stuck_line))
		dev_info(&dev->vdev->dev,
			 "balloon stays at %u of %u pages: the guest has no more to give, next try in %u ms, then ever longer\n",
			 dev->pages_held, dev->asked, ms);
}

static void size_retry(struct br_device *dev, int err, bool first)
{
	unsigned int ms;

	/* The guest was out of memory because of this try. */
	if (br_cushion_is_spent(&dev->cushion))
		dev->size_failures = BR_FAILURES_MAX;
	ms = br_backoff_ms(dev->size_failures);
	if (err == -ENOMEM) {
		br_count(dev, alloc_failures);
		WRITE_ONCE(dev->target, dev->pages_held);
		if (first)
			size_say_stuck(dev, ms);
	}
	dev->failed = err;
	dev->retry_at = jiffies + msecs_to_jiffies(ms);
	br_queue_work(dev, &dev->size_work, msecs_to_jiffies(ms));
}

/*
 * The host may announce a change of something else, or none at all.  That is no
 * reason to squeeze the guest again; another size or another floor is.
 *
 * Return: jiffies that are left of the wait after a failure.
 */
static unsigned long size_wait_left(struct br_device *dev)
{
	long left = dev->retry_at - jiffies;

	if (size_asked(dev) != dev->asked || br_floor_mb() != dev->floor_mb) {
		dev->size_failures = 0;
		dev->failed = 0;
	}
	return dev->failed == -ENOMEM ? max(left, 0L) : 0;
}

/* A squeeze is one run, however long, so that the cushion is taken once. */
static int size_run(struct br_device *dev)
{
	struct br_yield yield = {};
	unsigned int i;
	bool squeezes;
	int ret = 0;

	br_cushion_begin(&dev->cushion);
	for (i = 0; br_may_work(dev) &&
	     (i < SIZE_BATCH || br_cushion_is_held(&dev->cushion)); i++) {
		ret = size_step(dev, &squeezes);
		yield.tried |= squeezes;
		if (squeezes && ret > 0)
			yield.pages += ret;
		dev->size_failures = br_failures(dev->size_failures, ret,
						 &yield);
		if (ret <= 0)
			break;
		if (i % SIZE_BATCH == SIZE_BATCH - 1)
			size_publish(dev);
	}
	br_cushion_give(&dev->cushion);
	br_balloon_inflate_end(dev);
	size_publish(dev);
	return ret;
}

static void size_work_once(struct br_device *dev)
{
	unsigned long left;
	bool first;
	int ret;

	br_balloon_reap(dev);
	left = size_wait_left(dev);
	if (left) {
		size_publish(dev);
		br_queue_work(dev, &dev->size_work, left);
		return;
	}
	first = !dev->size_failures;
	ret = size_run(dev);
	if (!br_may_work(dev)) {
		/* Sleep comes first: what is left may still prevent it. */
		br_wake_event(dev, BR_WAKE_SIZE);
		return;
	}
	if (ret < 0) {
		size_retry(dev, ret, first);
		return;
	}
	dev->failed = 0;
	left = br_oom_rest(dev);
	if (ret)
		br_size_changed(dev);
	else if (left)
		br_queue_work(dev, &dev->size_work, left);
}

static void size_func(struct work_struct *work)
{
	struct br_device *dev =
		container_of(work, struct br_device, size_work.work);

	br_wake_begin(dev, BR_WAKE_SIZE);
	size_work_once(dev);
	br_wake_end(dev, BR_WAKE_SIZE);
}

void br_size_changed(struct br_device *dev)
{
	br_wake_event(dev, BR_WAKE_SIZE);
	br_queue_work(dev, &dev->size_work, 0);
}

void br_size_init(struct br_device *dev)
{
	INIT_DELAYED_WORK(&dev->size_work, size_func);
	br_cushion_init(&dev->cushion);
	ratelimit_state_init(&dev->stuck_line, SIZE_LINE_EVERY, 1);
	ratelimit_set_flags(&dev->stuck_line, RATELIMIT_MSG_ON_RELEASE);
}
