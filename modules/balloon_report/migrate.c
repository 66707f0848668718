// SPDX-License-Identifier: GPL-2.0-only
/*
 * Migration of balloon pages by compaction: the new page inflates, then the old one
 * deflates.  The kernel keeps the list of pages, this file only tells the device.
 *
 * Compaction does not wait for a late device.  A page in flight stays in its chunk, with
 * a reference of the chunk's own.
 */
#include "migrate.h"

#include <linux/delay.h>
#include <linux/mm.h>
#include <linux/virtio_balloon.h>
#include <linux/virtio_config.h>

#include <vmhooks/mm_hooks.h>

#include "balloon.h"
#include "state.h"

/*
 * Inflate the new page.
 * Return: 0, -EIO, or -ETIMEDOUT: it joins the balloon when the device uses the buffer.
 */
static int migrate_inflate(struct br_device *dev, struct page *newpage)
{
	int err;

	get_page(newpage);
	mmh_pages_taken(newpage, 0);
	br_chunk_add(dev, &dev->balloon.inflate, newpage);
	err = br_chunk_send_and_wait(dev, &dev->balloon.inflate);
	if (err == -ETIMEDOUT) {
		dev->balloon.num_inflated--;
		return err;
	}
	br_chunk_pop(&dev->balloon.inflate);
	if (err)
		mmh_pages_returned(newpage, 0, false);
	put_page(newpage);
	return err;
}

/*
 * Deflate the old page.  Its lru links it into a list of compaction until the driver
 * returns.
 */
static void migrate_deflate(struct br_device *dev, struct page *page)
{
	get_page(page);
	br_chunk_add_migrated(dev, &dev->balloon.deflate, page);
	if (br_chunk_send_and_wait(dev, &dev->balloon.deflate) == -ETIMEDOUT)
		return;
	br_chunk_pop(&dev->balloon.deflate);
	mmh_pages_returned(page, 0, br_state(dev) != BR_DEAD);
	put_page(page);
}

static int migrate_locked(struct br_device *dev, struct page *newpage,
			  struct page *page)
{
	int err;

	lockdep_assert_held(&dev->balloon.lock);
	if (br_state(dev) != BR_LIVE || dev->balloon.inflate.inflight ||
	    dev->balloon.deflate.inflight || !br_page_is_sendable(newpage))
		return -EAGAIN;
	/* The OOM notifier only tries the lock, and the device may be slow. */
	if (atomic_read(&dev->oom.waiters))
		return -EAGAIN;
	err = migrate_inflate(dev, newpage);
	if (err == -EIO)
		return -EAGAIN;
	migrate_deflate(dev, page);
	br_count(dev, migrated_pages);
	return err ? -ENOENT : 0;
}

/*
 * Called with both pages locked.  The lock is only tried: the task that holds it may
 * wait for memory that this compaction frees.
 *
 * Return: 0 when the page moved, -ENOENT when the old page left the balloon and the new
 * one has not joined it, -EAGAIN when nothing changed.
 */
static int migrate_balloon_page(struct balloon_dev_info *info,
				struct page *newpage, struct page *page,
				enum migrate_mode mode)
{
	struct br_device *dev =
		container_of(info, struct br_device, balloon.info);
	int ret;

	if (!mutex_trylock(&dev->balloon.lock))
		return -EAGAIN;
	ret = migrate_locked(dev, newpage, page);
	mutex_unlock(&dev->balloon.lock);
	return ret;
}

int br_migrate_start(struct br_device *dev)
{
	balloon_devinfo_init(&dev->balloon.info);
	dev->balloon.info.migratepage = migrate_balloon_page;
	/* Without DEFLATE_ON_OOM the guest's total shrinks by the balloon. */
	dev->balloon.info.adjust_managed_page_count =
		!virtio_has_feature(dev->vdev, VIRTIO_BALLOON_F_DEFLATE_ON_OOM);
	return vmhooks_balloon_open(&dev->balloon.info);
}

/* A page that compaction has isolated may refer to the device. */
void br_migrate_stop(struct br_device *dev)
{
	while (vmhooks_balloon_isolated(&dev->balloon.info))
		usleep_range(1000, 2000);
	vmhooks_balloon_close(&dev->balloon.info);
}
