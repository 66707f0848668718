// SPDX-License-Identifier: GPL-2.0-only
/* Memory for the OOM path: reserve, hinted blocks, F_DEFLATE_ON_OOM. */
#include "oom.h"

#include <linux/delay.h>
#include <linux/jiffies.h>
#include <linux/minmax.h>
#include <linux/mm.h>
#include <linux/oom.h>
#include <linux/virtio_balloon.h>
#include <linux/virtio_config.h>

#include "backoff.h"
#include "balloon.h"
#include "params.h"
#include "state.h"

/* Before the notifiers of drivers that can free less. */
#define OOM_PRIORITY 80

/* One notification lasts so many jiffies at most, all waits included. */
#define OOM_WAIT (2 * HZ)
/* Milliseconds between two tries of a busy balloon. */
#define OOM_POLL_MS 5

unsigned long br_oom_limit_left(const struct br_device *dev)
{
	long left = READ_ONCE(dev->oom.until) - jiffies;

	return max(left, 0L);
}

/* The balloon does not regain for a while what an OOM deflated. */
static void oom_limit_begin(struct br_device *dev)
{
	lockdep_assert_held(&dev->balloon.lock);
	dev->oom.limit = dev->balloon.num_inflated;
	WRITE_ONCE(dev->oom.until,
		   jiffies + msecs_to_jiffies(BR_BACKOFF_MAX_MS));
}

/* One chunk.  Return: see br_balloon_deflate(); -EAGAIN without the lock. */
static int oom_deflate_chunk(struct br_device *dev, unsigned int want,
			     unsigned long until)
{
	int n;

	if (!mutex_trylock(&dev->balloon.lock))
		return -EAGAIN;
	n = br_balloon_deflate_until(dev, want, until);
	if (n > 0) {
		br_count_add(dev, oom_deflated_pages, n);
		oom_limit_begin(dev);
		br_balloon_write_actual(dev);
	}
	mutex_unlock(&dev->balloon.lock);
	return n;
}

static u64 oom_count_deflated(struct br_device *dev)
{
	return atomic64_read(&dev->counters.deflated_pages);
}

/*
 * Pages that another task deflates meanwhile are free as well.  Until @until the lock
 * may be contended, compaction may have isolated the pages, and the device may be slow.
 *
 * Return: pages that have become free.
 */
static unsigned int oom_deflate_chunks(struct br_device *dev, unsigned int want,
				       unsigned long until)
{
	u64 before = oom_count_deflated(dev);
	unsigned int n = 0;
	int ret;

	while (n < want && time_before(jiffies, until) &&
	       br_state(dev) == BR_LIVE && br_balloon_has_pages(dev)) {
		ret = oom_deflate_chunk(dev, want - n, until);
		n = oom_count_deflated(dev) - before;
		if (ret > 0)
			continue;
		if (ret == -ETIMEDOUT)
			break;
		msleep(OOM_POLL_MS);
	}
	return oom_count_deflated(dev) - before;
}

static unsigned int oom_deflate(struct br_device *dev, unsigned int want,
				unsigned long until)
{
	unsigned int n = oom_deflate_chunks(dev, want, until);

	/* The device still asks for them: inflate again when the limit ends. */
	if (n)
		br_work_queue(dev, &dev->size.work,
			      msecs_to_jiffies(BR_BACKOFF_MAX_MS));
	return n;
}

static bool oom_is_negotiated(struct br_device *dev)
{
	return virtio_has_feature(dev->vdev, VIRTIO_BALLOON_F_DEFLATE_ON_OOM);
}

/*
 * Runs in the task whose allocation failed, under any lock that it holds.  It does not
 * wait for itself: no allocation under balloon.lock reclaims, so the task with that lock
 * waits for the device and not for this notification.  The lock is only tried, too.
 *
 * The reserve is not part of the balloon, so it needs no feature of the device.
 */
static int oom_notify(struct notifier_block *nb, unsigned long unused,
		      void *freed)
{
	struct br_device *dev = container_of(nb, struct br_device, oom.nb);
	unsigned int want = br_oom_mb() << (20 - PAGE_SHIFT);
	/* One deadline for all waits for the device. */
	unsigned long until = jiffies + OOM_WAIT;
	unsigned long n;

	/* The size worker and compaction make way. */
	atomic_inc(&dev->oom.waiters);
	/* First the memory that needs no wait. */
	n = br_reserve_free_on_oom(&dev->reserve);
	if (!n)
		n = br_hint_free_on_oom(dev, want, jiffies);
	if (!n && oom_is_negotiated(dev))
		n = oom_deflate(dev, want, until);
	if (!n)
		n = br_hint_free_on_oom(dev, want, until);
	atomic_dec(&dev->oom.waiters);
	*(unsigned long *)freed += n;
	return NOTIFY_OK;
}

void br_oom_init(struct br_device *dev)
{
	dev->oom.nb.notifier_call = oom_notify;
	dev->oom.nb.priority = OOM_PRIORITY;
	dev->oom.until = jiffies;
}

int br_oom_start(struct br_device *dev)
{
	return register_oom_notifier(&dev->oom.nb);
}

void br_oom_stop(struct br_device *dev)
{
	unregister_oom_notifier(&dev->oom.nb);
}
