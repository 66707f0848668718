// SPDX-License-Identifier: GPL-2.0-only
/*
 * Free page hinting: what a migration need not move.
 *
 * The host sends a command number; the driver answers with it, hands over all
 * the free blocks that it can get hold of, and ends with STOP.  It keeps the
 * blocks until the host says DONE.  Under pressure the guest may have blocks
 * back earlier, but only those that the host has acknowledged: a block that is
 * in use by the time the host looks at it would be lost.
 */
#include "hint.h"

#include <linux/gfp.h>
#include <linux/mm.h>
#include <linux/pageblock-flags.h>
#include <linux/scatterlist.h>
#include <linux/virtio_balloon.h>
#include <linux/virtio_config.h>

#include "balloon_report.h"
#include "balloon_report_trace.h"
#include "mm.h"
#include "shrinker.h"

/* No reclaim and no reserves: only what is free.  Movable, as most of it is. */
#define HINT_GFP (__GFP_HIGHMEM | __GFP_MOVABLE | __GFP_NORETRY | \
		  __GFP_NOWARN | __GFP_NOMEMALLOC)
/* Blocks for each kick. */
#define HINT_BATCH 16
/*
 * How often to look for blocks that are still with the host at the end, and for a
 * host that has not read our last command.
 */
#define HINT_POLL (HZ / 10)

static struct br_queue *hint_queue(struct br_device *dev)
{
	return &dev->q[BR_Q_HINT];
}

void br_hint_used(struct br_device *dev, void *token)
{
	struct br_hint *hint = &dev->hint;
	struct page *page = token;

	if (token == &hint->cmd) {
		WRITE_ONCE(hint->cmd_out, false);
		WRITE_ONCE(hint->cmd_back, true);
		return;
	}
	list_move(&page->lru, &hint->acked);
	hint->acked_pages += 1UL << page_private(page);
	WRITE_ONCE(hint->returned, true);
}

static struct page *hint_pop_acked(struct br_device *dev)
{
	struct br_queue *q = hint_queue(dev);
	struct page *page;

	spin_lock_irq(&q->lock);
	page = list_first_entry_or_null(&dev->hint.acked, struct page, lru);
	if (page) {
		list_del(&page->lru);
		dev->hint.acked_pages -= 1UL << page_private(page);
	}
	spin_unlock_irq(&q->lock);
	return page;
}

/* Return: pages freed, at least @want if there are as many. */
static unsigned long hint_free_acked(struct br_device *dev, unsigned long want)
{
	unsigned long freed = 0;
	struct page *page;

	while (freed < want && (page = hint_pop_acked(dev))) {
		unsigned int order = page_private(page);

		set_page_private(page, 0);
		__free_pages(page, order);
		freed += 1UL << order;
	}
	return freed;
}

void br_hint_release(struct br_device *dev)
{
	hint_free_acked(dev, ULONG_MAX);
}

static u32 hint_command(struct br_device *dev)
{
	if (xchg(&dev->hint.changed, false))
		virtio_cread_le(dev->vdev, struct virtio_balloon_config,
				free_page_hint_cmd_id, &dev->hint.wanted);
	return dev->hint.wanted;
}

/*
 * Return: 0; -ETIMEDOUT: sent, and not read yet; -EAGAIN: not sent, because the
 * host has not read the last command or has the ring full of blocks; -EIO.
 */
static int hint_say(struct br_device *dev, u32 cmd)
{
	struct br_hint *hint = &dev->hint;
	struct scatterlist sg;
	int err;

	if (READ_ONCE(hint->cmd_out))
		return -EAGAIN;
	hint->cmd = cpu_to_virtio32(dev->vdev, cmd);
	WRITE_ONCE(hint->cmd_back, false);
	WRITE_ONCE(hint->cmd_out, true);
	sg_init_one(&sg, &hint->cmd, sizeof(hint->cmd));
	do {
		WRITE_ONCE(hint->returned, false);
		err = br_queue_send(dev, hint_queue(dev), &sg, 1, false,
				    &hint->cmd, true);
		if (err == -ENOSPC &&
		    br_queue_wait(dev, hint_queue(dev), &hint->returned))
			err = -EAGAIN;
	} while (err == -ENOSPC);
	if (err) {
		WRITE_ONCE(hint->cmd_out, false);
		return err;
	}
	br_count(dev, hint_cmds);
	return br_queue_wait(dev, hint_queue(dev), &hint->cmd_back);
}

static void hint_unlist(struct br_device *dev, struct page *page)
{
	struct br_queue *q = hint_queue(dev);

	spin_lock_irq(&q->lock);
	list_del(&page->lru);
	spin_unlock_irq(&q->lock);
}

static int hint_send(struct br_device *dev, struct page *page,
		     unsigned int order, bool kick)
{
	struct br_queue *q = hint_queue(dev);
	struct scatterlist sg;
	int err;

	sg_init_table(&sg, 1);
	sg_set_page(&sg, page, PAGE_SIZE << order, 0);
	set_page_private(page, order);
	spin_lock_irq(&q->lock);
	list_add(&page->lru, &dev->hint.pending);
	spin_unlock_irq(&q->lock);
	do {
		WRITE_ONCE(dev->hint.returned, false);
		err = br_queue_send(dev, q, &sg, 1, true, page, kick);
		if (err != -ENOSPC)
			break;
		br_queue_kick(q);
		err = br_queue_wait(dev, q, &dev->hint.returned);
	} while (!err);
	if (err) {
		hint_unlist(dev, page);
		set_page_private(page, 0);
		__free_pages(page, order);
	} else {
		br_count(dev, hint_blocks);
	}
	return err;
}

/* The largest blocks first; below a pageblock it is not worth a descriptor. */
static void hint_blocks(struct br_device *dev, u32 cmd)
{
	unsigned int order = MAX_PAGE_ORDER, n = 0;

	while (br_may_work(dev) && hint_command(dev) == cmd) {
		struct page *page = alloc_pages(HINT_GFP, order);

		if (page) {
			if (hint_send(dev, page, order, !(++n % HINT_BATCH)))
				break;
			cond_resched();
			continue;
		}
		if (order == pageblock_order)
			break;
		order--;
	}
	br_queue_kick(hint_queue(dev));
	trace_balloon_report_hint(dev->vdev->index, cmd, n);
}

/* Bring the active command to its end.  Return: see hint_say(). */
static int hint_end(struct br_device *dev, u32 cmd)
{
	struct br_hint *hint = &dev->hint;
	int err;

	if (hint->due == BR_HINT_NOTHING)
		return 0;
	if (READ_ONCE(hint->cmd_out))
		return -EAGAIN;
	if (hint->due == BR_HINT_BLOCKS && cmd == hint->active)
		hint_blocks(dev, cmd);
	hint->due = BR_HINT_STOP;
	err = hint_say(dev, VIRTIO_BALLOON_CMD_ID_STOP);
	if (err != -EAGAIN)
		hint->due = BR_HINT_NOTHING;
	return err;
}

/* Return: 0, or an error: look again later. */
static int hint_follow(struct br_device *dev, u32 cmd)
{
	struct br_hint *hint = &dev->hint;
	int err = hint_end(dev, cmd);

	if (err || cmd == hint->active)
		return err;
	if (cmd != VIRTIO_BALLOON_CMD_ID_DONE &&
	    cmd != VIRTIO_BALLOON_CMD_ID_STOP) {
		err = hint_say(dev, cmd);
		if (err == -EAGAIN)
			return err;
		hint->due = BR_HINT_BLOCKS;
	}
	hint->active = cmd;
	return err ?: hint_end(dev, cmd);
}

/* Some blocks may come back only after the host was done. */
static bool hint_is_pending(struct br_device *dev)
{
	struct br_queue *q = hint_queue(dev);
	bool pending;

	spin_lock_irq(&q->lock);
	pending = !list_empty(&dev->hint.pending);
	spin_unlock_irq(&q->lock);
	return pending;
}

static void hint_func(struct work_struct *work)
{
	struct br_device *dev =
		container_of(work, struct br_device, hint.work.work);
	u32 cmd = hint_command(dev);
	bool done = cmd == VIRTIO_BALLOON_CMD_ID_DONE;
	bool pending;
	int err;

	br_queue_drain(dev, hint_queue(dev));
	if (done)
		br_hint_release(dev);
	err = hint_follow(dev, cmd);
	/* In this order: what is not pending any more is released. */
	pending = hint_is_pending(dev);
	if (done)
		br_hint_release(dev);
	if (READ_ONCE(dev->hint.changed))
		br_queue_work(dev, &dev->hint.work, 0);
	else if (err || (done && pending))
		br_queue_work(dev, &dev->hint.work, HINT_POLL);
}

static unsigned long hint_count(struct shrinker *shrinker,
				struct shrink_control *sc)
{
	struct br_device *dev = vmhooks_shrinker_data(shrinker);

	br_queue_drain(dev, hint_queue(dev));
	return READ_ONCE(dev->hint.acked_pages);
}

static unsigned long hint_scan(struct shrinker *shrinker,
			       struct shrink_control *sc)
{
	return hint_free_acked(vmhooks_shrinker_data(shrinker),
			       sc->nr_to_scan) ?: SHRINK_STOP;
}

static void hint_add_shrinker(struct br_device *dev)
{
	struct shrinker *shrinker = shrinker_alloc(0, "balloon_report");

	if (!shrinker) {
		dev_warn(&dev->vdev->dev,
			 "hinted blocks stay out of use until the migration is done: no memory for a shrinker\n");
		return;
	}
	shrinker->count_objects = hint_count;
	shrinker->scan_objects = hint_scan;
	vmhooks_shrinker_data(shrinker) = dev;
	shrinker_register(shrinker);
	dev->hint.shrinker = shrinker;
}

void br_hint_start(struct br_device *dev)
{
	struct br_queue *q = hint_queue(dev);

	dev->hint.wanted = VIRTIO_BALLOON_CMD_ID_STOP;
	dev->hint.active = VIRTIO_BALLOON_CMD_ID_STOP;
	dev->hint.due = BR_HINT_NOTHING;
	dev->hint.cmd_out = false;
	/* Where nothing is given away the queue is there and idle. */
	if (!q->vq || !dev->plan.inflate)
		return;
	/* One entry has to be free for a command. */
	if (virtqueue_get_vring_size(q->vq) < 2) {
		dev_warn(&dev->vdev->dev,
			 "no free page hinting: the host's queue has one entry, two are needed\n");
		q->vq = NULL;
		return;
	}
	hint_add_shrinker(dev);
}

void br_hint_changed(struct br_device *dev)
{
	if (!hint_queue(dev)->vq || !dev->plan.inflate)
		return;
	WRITE_ONCE(dev->hint.changed, true);
	br_queue_work(dev, &dev->hint.work, 0);
}

void br_hint_stop(struct br_device *dev)
{
	shrinker_free(dev->hint.shrinker);
	dev->hint.shrinker = NULL;
}

void br_hint_init(struct br_device *dev)
{
	/*
	 * QEMU serves this queue in a thread of its own, without the lock that
	 * its interrupt controllers are under: an interrupt aborts it.
	 */
	hint_queue(dev)->quiet = true;
	INIT_DELAYED_WORK(&dev->hint.work, hint_func);
	INIT_LIST_HEAD(&dev->hint.pending);
	INIT_LIST_HEAD(&dev->hint.acked);
}
