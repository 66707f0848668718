/* SPDX-License-Identifier: GPL-2.0-only */
/* The balloon: pages that the guest has given to the device. */
#ifndef BALLOON_REPORT_BALLOON_H
#define BALLOON_REPORT_BALLOON_H

#include <linux/list.h>
#include <linux/mutex.h>
#include <linux/types.h>

#include "balloon_list.h"
#include "chunk.h"

struct br_device;

/**
 * struct br_balloon - pages of the guest in the balloon, and on their way
 * @lock:	  covers @num_inflated, @actual, @inflate and @deflate.  Held while the
 *		  device acknowledges a deflation or a migration.  The OOM notifier
 *		  and compaction only try it.  No allocation under it may reclaim.
 * @info:	  the pages in the balloon, as the kernel tracks them for compaction
 * @num_inflated: pages in the balloon
 * @actual:	  the size that was last written to the device, in its pages
 * @inflate:	  pages that inflate
 * @deflate:	  pages that deflate
 * @spare:	  allocated pages for the next chunk (size.work only)
 * @lost:	  pages of the balloon of a lost device
 */
struct br_balloon {
	struct mutex lock;	/* see above */
	struct balloon_dev_info info;
	unsigned int num_inflated;
	u32 actual;
	struct br_chunk inflate;
	struct br_chunk deflate;
	struct list_head spare;
	struct list_head lost;
};

/* Does not access the device.  Context: process.  Return: 0 or -ENOMEM. */
int br_balloon_init(struct br_device *dev);
void br_balloon_free(struct br_device *dev);

/**
 * br_balloon_inflate() - inflate by one chunk at most
 * @dev: the device
 * @n:	 pages wanted
 *
 * Allocates pages for the next chunk while it waits.  br_balloon_free_spare() must
 * follow.
 *
 * Context: size.work, may sleep.
 * Return: pages inflated, -ENOMEM without a page, -EBUSY while an earlier chunk is
 * in flight, -EIO, -ETIMEDOUT.
 */
int br_balloon_inflate(struct br_device *dev, unsigned int n);

/* Free the pages that br_balloon_inflate() left.  Context: size.work. */
void br_balloon_free_spare(struct br_device *dev);

/**
 * br_balloon_deflate() - deflate by one chunk at most
 * @dev: the device
 * @n:	 pages wanted
 *
 * Context: process, may sleep; lock held, so that the OOM notifier can try it.
 * Return: pages deflated, 0 without a page on the list (compaction may have isolated
 * some), -EBUSY, -EIO, -ETIMEDOUT.
 */
int br_balloon_deflate(struct br_device *dev, unsigned int n);

/**
 * br_balloon_deflate_until() - deflate by one chunk at most, until a deadline
 * @dev:   the device
 * @n:	   pages wanted
 * @until: the deadline in jiffies
 *
 * br_balloon_deflate() waits for as long as the parameter host_timeout_ms says.
 *
 * Context: as br_balloon_deflate().
 * Return: as br_balloon_deflate().
 */
int br_balloon_deflate_until(struct br_device *dev, unsigned int n,
			     unsigned long until);

/* Whether pages can deflate, now or after another task's chunk.  Context: any. */
bool br_balloon_has_pages(struct br_device *dev);

/* Complete late chunks that the device has used.  Context: process, may sleep. */
void br_balloon_reap(struct br_device *dev);

/**
 * br_balloon_deflate_all() - empty the balloon before the driver stops
 * @dev: the device, stopping or dead
 *
 * While the device is stopping, it ends when br_grace_expired().  For a dead device
 * no page is left after it.
 *
 * Context: process, may sleep.
 */
void br_balloon_deflate_all(struct br_device *dev);

/* Write the size of the balloon to the device if it changed.  Context: lock held. */
void br_balloon_write_actual(struct br_device *dev);

/* Read the size that the device was told last.  Context: process, FEATURES_OK. */
void br_balloon_read_actual(struct br_device *dev);

/*
 * Take the pages of a lost device off the kernel's list for good, so that compaction
 * leaves them alone.  Context: process, may sleep.
 */
void br_balloon_lose(struct br_device *dev);

/*
 * Name the pages of a lost device to mm_hooks, which refuses to offline them.
 * Context: process, after br_queues_drop(): nothing changes the lists.
 */
void br_balloon_mark_lost(struct br_device *dev);

/* Pages of late chunks.  Context: any. */
unsigned int br_balloon_num_quarantined(struct br_device *dev);

#endif /* BALLOON_REPORT_BALLOON_H */
