// SPDX-License-Identifier: GPL-2.0-only
/*
 * A page of the balloon moves under compaction: the host is given the new page
 * and returns the old one.  The kernel keeps the list of pages; here is only
 * what the host has to be told.
 *
 * Compaction does not wait for a late host.  A page that the host has not
 * answered for stays in its chunk, with a reference of the chunk's own.
 */
#include <linux/delay.h>
#include <linux/mm.h>
#include <linux/virtio_balloon.h>
#include <linux/virtio_config.h>

#include <vmhooks/mm_hooks.h>

#include "balloon.h"
#include "balloon_report.h"

/*
 * Give the host the new page.
 * Return: 0, -EIO, or -ETIMEDOUT: it joins the balloon when the host answers.
 */
static int migrate_in(struct br_device *dev, struct page *newpage)
{
	int err;

	get_page(newpage);
	mm_hooks_pages_taken(newpage, 0);
	br_chunk_add(dev, &dev->inflate, newpage);
	err = br_chunk_tell(dev, &dev->inflate);
	if (err == -ETIMEDOUT) {
		dev->pages_held--;
		return err;
	}
	br_chunk_pop(&dev->inflate);
	if (err)
		mm_hooks_pages_returned(newpage, 0, false);
	put_page(newpage);
	return err;
}

/*
 * The old page goes to whoever wants it when the host has let go of it.  Its
 * lru links it into compaction's own list until we have returned.
 */
static void migrate_out(struct br_device *dev, struct page *page)
{
	get_page(page);
	br_chunk_add_moved(dev, &dev->deflate, page);
	if (br_chunk_tell(dev, &dev->deflate) == -ETIMEDOUT)
		return;
	br_chunk_pop(&dev->deflate);
	mm_hooks_pages_returned(page, 0, br_state(dev) != BR_DEAD);
	put_page(page);
}

static int migrate_locked(struct br_device *dev, struct page *newpage,
			  struct page *page)
{
	int err;

	lockdep_assert_held(&dev->balloon_lock);
	if (br_state(dev) != BR_LIVE || dev->inflate.out || dev->deflate.out ||
	    !br_chunk_takes(newpage))
		return -EAGAIN;
	/* Who is out of memory only tries the lock, and the host may be slow. */
	if (atomic_read(&dev->oom_waiters))
		return -EAGAIN;
	err = migrate_in(dev, newpage);
	if (err == -EIO)
		return -EAGAIN;
	migrate_out(dev, page);
	br_count(dev, migrated_pages);
	return err ? -ENOENT : 0;
}

/*
 * Called with both pages locked.  The lock is only tried: whoever holds it may
 * be waiting for memory that this very compaction is to make.
 *
 * Return: 0 moved, -ENOENT the old page has left and no new one has come,
 * -EAGAIN nothing has changed.
 */
static int migrate_balloon_page(struct balloon_dev_info *balloon,
				struct page *newpage, struct page *page,
				enum migrate_mode mode)
{
	struct br_device *dev = container_of(balloon, struct br_device, balloon);
	int ret;

	if (!mutex_trylock(&dev->balloon_lock))
		return -EAGAIN;
	ret = migrate_locked(dev, newpage, page);
	mutex_unlock(&dev->balloon_lock);
	return ret;
}

int br_migrate_start(struct br_device *dev)
{
	balloon_devinfo_init(&dev->balloon);
	dev->balloon.migratepage = migrate_balloon_page;
	/* Without DEFLATE_ON_OOM the guest's total shrinks with the balloon. */
	dev->balloon.adjust_managed_page_count =
		!virtio_has_feature(dev->vdev, VIRTIO_BALLOON_F_DEFLATE_ON_OOM);
	return vmhooks_balloon_open(&dev->balloon);
}

/* A page that compaction has may refer to the device until it is let go. */
void br_migrate_stop(struct br_device *dev)
{
	while (vmhooks_balloon_isolated(&dev->balloon))
		usleep_range(1000, 2000);
	vmhooks_balloon_close(&dev->balloon);
}
