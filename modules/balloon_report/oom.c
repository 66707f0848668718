// SPDX-License-Identifier: GPL-2.0-only
/* Memory for a guest that is out of it: hinted blocks, F_DEFLATE_ON_OOM. */
#include <linux/delay.h>
#include <linux/jiffies.h>
#include <linux/mm.h>
#include <linux/oom.h>
#include <linux/virtio_balloon.h>
#include <linux/virtio_config.h>

#include "balloon.h"
#include "balloon_report.h"
#include "size.h"
#include "target.h"

/* Before those of drivers that have less to give. */
#define BR_OOM_PRIORITY 80

/* How long a busy balloon is waited for, and how often it is looked at. */
#define BR_OOM_WAIT (2 * HZ)
#define BR_OOM_LOOK_MS 5

/* One chunk.  Return: see br_balloon_deflate(); -EAGAIN without the lock. */
static int oom_deflate(struct br_device *dev, unsigned int want)
{
	int n;

	if (!mutex_trylock(&dev->balloon_lock))
		return -EAGAIN;
	n = br_balloon_deflate(dev, want);
	if (n > 0) {
		br_count_add(dev, oom_deflated_pages, n);
		br_size_publish(dev);
	}
	mutex_unlock(&dev->balloon_lock);
	return n;
}

static u64 oom_deflated(struct br_device *dev)
{
	return atomic64_read(&dev->counters.deflated_pages);
}

/*
 * Pages that somebody else deflates meanwhile are free as well.  After
 * BR_OOM_WAIT nothing is waited for any more: the lock may be taken, compaction
 * may have the pages for a moment, an earlier chunk may be late.
 *
 * Return: pages that have become free.
 */
static unsigned int oom_free(struct br_device *dev, unsigned int want,
			     unsigned long until)
{
	u64 before = oom_deflated(dev);
	unsigned int n = 0;
	int ret;

	while (n < want && br_state(dev) == BR_LIVE &&
	       br_balloon_has_pages(dev)) {
		ret = oom_deflate(dev, want - n);
		n = oom_deflated(dev) - before;
		if (ret > 0)
			continue;
		if (ret == -ETIMEDOUT || time_after(jiffies, until))
			break;
		msleep(BR_OOM_LOOK_MS);
	}
	return oom_deflated(dev) - before;
}

static unsigned int oom_deflate_some(struct br_device *dev, unsigned int want,
				     unsigned long until)
{
	unsigned int n;

	/* The size worker makes way, and so does compaction. */
	atomic_inc(&dev->oom_waiters);
	n = oom_free(dev, want, until);
	atomic_dec(&dev->oom_waiters);
	/* The host still wants them: later, when there may be room. */
	if (n)
		br_queue_work(dev, &dev->size_work,
			      msecs_to_jiffies(BR_BACKOFF_MAX_MS));
	return n;
}

static bool oom_deflates(struct br_device *dev)
{
	return virtio_has_feature(dev->vdev, VIRTIO_BALLOON_F_DEFLATE_ON_OOM);
}

static bool oom_is_wanted(struct br_device *dev)
{
	return oom_deflates(dev) || br_hint_in_use(dev);
}

/*
 * Runs in whatever allocation has failed, under the locks that its caller
 * happens to hold.  It cannot wait for itself: under balloon_lock nothing is
 * allocated that may reclaim, so whoever holds that lock waits for the host and
 * not for this allocation; and the lock is only tried.
 */
static int oom_notify(struct notifier_block *nb, unsigned long unused,
		      void *freed)
{
	struct br_device *dev = container_of(nb, struct br_device, oom);
	unsigned int want = br_oom_mb() << (20 - PAGE_SHIFT);
	/* One deadline for all that the host has to answer. */
	unsigned long until = jiffies + BR_OOM_WAIT;
	unsigned long n;

	/* First what costs the host nothing, and no wait. */
	n = br_hint_free(dev, want, jiffies);
	if (!n && oom_deflates(dev))
		n = oom_deflate_some(dev, want, until);
	if (!n)
		n = br_hint_free(dev, want, until);
	*(unsigned long *)freed += n;
	return NOTIFY_OK;
}

void br_oom_init(struct br_device *dev)
{
	dev->oom.notifier_call = oom_notify;
	dev->oom.priority = BR_OOM_PRIORITY;
}

int br_oom_start(struct br_device *dev)
{
	if (!oom_is_wanted(dev))
		return 0;
	return register_oom_notifier(&dev->oom);
}

void br_oom_stop(struct br_device *dev)
{
	if (oom_is_wanted(dev))
		unregister_oom_notifier(&dev->oom);
}
