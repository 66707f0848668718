// SPDX-License-Identifier: GPL-2.0-only
/* Bringing the balloon to the size that the host asks for. */
#include "size.h"

#include <linux/jiffies.h>
#include <linux/mm.h>
#include <linux/virtio_balloon.h>
#include <linux/virtio_config.h>

#include "balloon.h"
#include "balloon_report.h"
#include "target.h"

/* Chunks for each run of the work item, so that it can be stopped and frozen. */
#define SIZE_BATCH 16

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

/* QEMU keeps the last size that it was told across a reset. */
void br_size_start(struct br_device *dev)
{
	mutex_lock(&dev->balloon_lock);
	virtio_cread_le(dev->vdev, struct virtio_balloon_config, actual,
			&dev->published);
	mutex_unlock(&dev->balloon_lock);
}

static unsigned int size_target(struct br_device *dev, unsigned int held)
{
	unsigned int asked = size_asked(dev);

	dev->asked = asked;
	dev->target = br_target(asked, held,
				max(si_mem_available(), 0L),
				(u64)br_floor_mb() << (20 - PAGE_SHIFT),
				dev->plan.inflate);
	return dev->target;
}

/* One chunk towards the target.  Return: see br_balloon_inflate(). */
static int size_step(struct br_device *dev)
{
	unsigned int held = READ_ONCE(dev->pages_held);
	unsigned int target = size_target(dev, held);
	int ret;

	/* Whoever is out of memory takes what it needs, and takes it first. */
	if (target != held && atomic_read(&dev->oom_waiters))
		return target > held ? -ENOMEM : -EAGAIN;
	if (target > held)
		return br_balloon_inflate(dev, target - held);
	if (target < held) {
		mutex_lock(&dev->balloon_lock);
		ret = br_balloon_deflate(dev, held - target);
		mutex_unlock(&dev->balloon_lock);
		/* Compaction has them for a moment. */
		return ret ? ret : -EAGAIN;
	}
	/* Less than what was asked for is a failure that passes. */
	return target < dev->asked && dev->plan.inflate ? -ENOMEM : 0;
}

static void size_retry(struct br_device *dev, int err)
{
	unsigned int ms;

	if (err != dev->failed)
		dev->backoff = 0;
	dev->failed = err;
	ms = br_backoff_ms(++dev->backoff);
	if (err == -ENOMEM) {
		br_count(dev, alloc_failures);
		if (dev->backoff == 1)
			dev_info(&dev->vdev->dev,
				 "balloon stays at %u of %u pages: the guest has no more to give, next try in %u ms, then ever longer\n",
				 dev->pages_held, dev->asked, ms);
	}
	br_queue_work(dev, &dev->size_work, msecs_to_jiffies(ms));
}

static void size_func(struct work_struct *work)
{
	struct br_device *dev =
		container_of(work, struct br_device, size_work.work);
	unsigned int i;
	int ret = 0;

	br_balloon_reap(dev);
	for (i = 0; i < SIZE_BATCH && br_may_work(dev); i++) {
		ret = size_step(dev);
		if (ret <= 0)
			break;
		dev->failed = 0;
	}
	br_balloon_inflate_end(dev);
	mutex_lock(&dev->balloon_lock);
	br_size_publish(dev);
	mutex_unlock(&dev->balloon_lock);
	if (!br_may_work(dev))
		return;
	/* A late chunk queues the work, unless its interrupt is lost. */
	if (!ret && br_balloon_quarantined(dev))
		ret = -EBUSY;
	if (ret > 0)
		br_queue_work(dev, &dev->size_work, 0);
	else if (ret < 0)
		size_retry(dev, ret);
	else
		dev->failed = 0;
}

void br_size_changed(struct br_device *dev)
{
	br_queue_work(dev, &dev->size_work, 0);
}

void br_size_init(struct br_device *dev)
{
	INIT_DELAYED_WORK(&dev->size_work, size_func);
}
