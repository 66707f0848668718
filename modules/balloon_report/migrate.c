// SPDX-License-Identifier: GPL-2.0-only
/*
 * A page of the balloon moves under compaction: the host is given the new page
 * and returns the old one.
 */
#include <linux/balloon_compaction.h>
#include <linux/mm.h>
#include <linux/virtio_balloon.h>
#include <linux/virtio_config.h>

#include "balloon.h"
#include "balloon_report.h"

#ifdef CONFIG_BALLOON_COMPACTION

static void migrate_manage(struct br_device *dev, struct page *page, long n)
{
	if (!virtio_has_feature(dev->vdev, VIRTIO_BALLOON_F_DEFLATE_ON_OOM))
		adjust_managed_page_count(page, n);
}

static void migrate_insert(struct br_device *dev, struct page *page)
{
	unsigned long flags;

	migrate_manage(dev, page, -1);
	spin_lock_irqsave(&dev->balloon.pages_lock, flags);
	balloon_page_insert(&dev->balloon, page);
	spin_unlock_irqrestore(&dev->balloon.pages_lock, flags);
}

/*
 * Give the host the new page.  Compaction may not have it back while the host
 * has not answered, so a late answer is a page that joins the balloon later.
 * Return: 0 or -EIO.
 */
static int migrate_in(struct br_device *dev, struct page *newpage)
{
	int err;

	/* The balloon's reference. */
	get_page(newpage);
	br_chunk_add(dev, &dev->inflate, newpage);
	err = br_chunk_tell(dev, &dev->inflate);
	if (err == -ETIMEDOUT) {
		dev->pages_held--;
		return 0;
	}
	br_chunk_pop(&dev->inflate);
	if (err)
		put_page(newpage);
	else
		migrate_insert(dev, newpage);
	return err;
}

/*
 * The old page goes to whoever wants it when the host has let go of it.  Its
 * lru links it into compaction's own list until we have returned.
 */
static void migrate_out(struct br_device *dev, struct page *page)
{
	unsigned long flags;

	spin_lock_irqsave(&dev->balloon.pages_lock, flags);
	dev->balloon.isolated_pages--;
	__count_vm_event(BALLOON_MIGRATE);
	spin_unlock_irqrestore(&dev->balloon.pages_lock, flags);
	balloon_page_finalize(page);
	br_chunk_add_moved(dev, &dev->deflate, page);
	if (br_chunk_tell(dev, &dev->deflate) == -ETIMEDOUT)
		return;
	br_chunk_pop(&dev->deflate);
	migrate_manage(dev, page, 1);
	put_page(page);
}

static int migrate_locked(struct br_device *dev, struct page *newpage,
			  struct page *page)
{
	lockdep_assert_held(&dev->balloon_lock);
	if (br_state(dev) != BR_LIVE || dev->inflate.out || dev->deflate.out)
		return -EAGAIN;
	if (migrate_in(dev, newpage))
		return -EAGAIN;
	migrate_out(dev, page);
	br_count(dev, migrated_pages);
	return MIGRATEPAGE_SUCCESS;
}

/*
 * Called with both pages locked.  The lock is only tried: whoever holds it may
 * be waiting for memory that this very compaction is to make.
 */
static int migrate_page(struct balloon_dev_info *balloon, struct page *newpage,
			struct page *page, enum migrate_mode mode)
{
	struct br_device *dev = container_of(balloon, struct br_device, balloon);
	int ret;

	if (!mutex_trylock(&dev->balloon_lock))
		return -EAGAIN;
	ret = migrate_locked(dev, newpage, page);
	mutex_unlock(&dev->balloon_lock);
	return ret;
}

void br_migrate_init(struct br_device *dev)
{
	balloon_devinfo_init(&dev->balloon);
	dev->balloon.migratepage = migrate_page;
}

#else

void br_migrate_init(struct br_device *dev)
{
	balloon_devinfo_init(&dev->balloon);
}

#endif
