// SPDX-License-Identifier: GPL-2.0-only
/* Memory for a guest that is out of it: cushion, hinted blocks, F_DEFLATE_ON_OOM. */
#include <linux/delay.h>
#include <linux/jiffies.h>
#include <linux/minmax.h>
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

/*
 * How long one notification lasts at most, the wait for a busy balloon and for a
 * silent host included, and how often a busy balloon is looked at.
 */
#define BR_OOM_WAIT (2 * HZ)
#define BR_OOM_LOOK_MS 5

unsigned long br_oom_rest(const struct br_device *dev)
{
	long left = READ_ONCE(dev->oom_until) - jiffies;

	return max(left, 0L);
}

/* What an OOM took stays out of the balloon for a while. */
static void oom_rest_begin(struct br_device *dev)
{
	lockdep_assert_held(&dev->balloon_lock);
	dev->oom_most = dev->pages_held;
	WRITE_ONCE(dev->oom_until,
		   jiffies + msecs_to_jiffies(BR_BACKOFF_MAX_MS));
}

/* One chunk.  Return: see br_balloon_deflate(); -EAGAIN without the lock. */
static int oom_deflate(struct br_device *dev, unsigned int want,
		       unsigned long until)
{
	int n;

	if (!mutex_trylock(&dev->balloon_lock))
		return -EAGAIN;
	n = br_balloon_deflate_by(dev, want, until);
	if (n > 0) {
		br_count_add(dev, oom_deflated_pages, n);
		oom_rest_begin(dev);
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
 * Pages that somebody else deflates meanwhile are free as well.  At @until
 * nothing is waited for any more: the lock may be taken, compaction may have the
 * pages for a moment, the host may be slow or silent.
 *
 * Return: pages that have become free.
 */
static unsigned int oom_free(struct br_device *dev, unsigned int want,
			     unsigned long until)
{
	u64 before = oom_deflated(dev);
	unsigned int n = 0;
	int ret;

	while (n < want && time_before(jiffies, until) &&
	       br_state(dev) == BR_LIVE && br_balloon_has_pages(dev)) {
		ret = oom_deflate(dev, want - n, until);
		n = oom_deflated(dev) - before;
		if (ret > 0)
			continue;
		if (ret == -ETIMEDOUT)
			break;
		msleep(BR_OOM_LOOK_MS);
	}
	return oom_deflated(dev) - before;
}

static unsigned int oom_deflate_some(struct br_device *dev, unsigned int want,
				     unsigned long until)
{
	unsigned int n = oom_free(dev, want, until);

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

/*
 * Runs in whatever allocation has failed, under the locks that its caller
 * happens to hold.  It cannot wait for itself: under balloon_lock nothing is
 * allocated that may reclaim, so whoever holds that lock waits for the host and
 * not for this allocation; and the lock is only tried.
 *
 * The cushion is no part of the balloon: it goes whatever the host offers.
 */
static int oom_notify(struct notifier_block *nb, unsigned long unused,
		      void *freed)
{
	struct br_device *dev = container_of(nb, struct br_device, oom);
	unsigned int want = br_oom_mb() << (20 - PAGE_SHIFT);
	/* One deadline for all that the host has to answer. */
	unsigned long until = jiffies + BR_OOM_WAIT;
	unsigned long n;

	/* The size worker makes way, and so does compaction. */
	atomic_inc(&dev->oom_waiters);
	/* First what costs the host nothing, and no wait. */
	n = br_cushion_spend(&dev->cushion);
	if (!n)
		n = br_hint_free(dev, want, jiffies);
	if (!n && oom_deflates(dev))
		n = oom_deflate_some(dev, want, until);
	if (!n)
		n = br_hint_free(dev, want, until);
	atomic_dec(&dev->oom_waiters);
	*(unsigned long *)freed += n;
	return NOTIFY_OK;
}

void br_oom_init(struct br_device *dev)
{
	dev->oom.notifier_call = oom_notify;
	dev->oom.priority = BR_OOM_PRIORITY;
	dev->oom_until = jiffies;
}

int br_oom_start(struct br_device *dev)
{
	return register_oom_notifier(&dev->oom);
}

void br_oom_stop(struct br_device *dev)
{
	unregister_oom_notifier(&dev->oom);
}
