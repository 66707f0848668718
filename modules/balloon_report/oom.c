// SPDX-License-Identifier: GPL-2.0-only
/* Deflate rather than kill: F_DEFLATE_ON_OOM. */
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
 * Runs in whatever allocation has failed, so it waits for no lock.  When the
 * balloon is being changed already, the next notification finds it changed.
 */
static int oom_notify(struct notifier_block *nb, unsigned long unused,
		      void *freed)
{
	struct br_device *dev = container_of(nb, struct br_device, oom);
	unsigned int want = br_oom_mb() << (20 - PAGE_SHIFT);
	unsigned int n = 0;
	int ret;

	if (!mutex_trylock(&dev->balloon_lock))
		return NOTIFY_OK;
	while (n < want && br_state(dev) == BR_LIVE) {
		ret = br_balloon_deflate(dev, want - n);
		if (ret <= 0)
			break;
		n += ret;
	}
	if (n)
		br_size_publish(dev);
	mutex_unlock(&dev->balloon_lock);
	br_count_add(dev, oom_deflated_pages, n);
	*(unsigned long *)freed += n;
	/* The host still wants them: later, when there may be room. */
	if (n)
		br_queue_work(dev, &dev->size_work,
			      msecs_to_jiffies(BR_BACKOFF_MAX_MS));
	return NOTIFY_OK;
}

void br_oom_init(struct br_device *dev)
{
	dev->oom.notifier_call = oom_notify;
	dev->oom.priority = BR_OOM_PRIORITY;
}

int br_oom_start(struct br_device *dev)
{
	if (!virtio_has_feature(dev->vdev, VIRTIO_BALLOON_F_DEFLATE_ON_OOM))
		return 0;
	return register_oom_notifier(&dev->oom);
}

void br_oom_stop(struct br_device *dev)
{
	if (virtio_has_feature(dev->vdev, VIRTIO_BALLOON_F_DEFLATE_ON_OOM))
		unregister_oom_notifier(&dev->oom);
}
