// SPDX-License-Identifier: GPL-2.0-only
/*
 * Free page hinting: what a migration need not move.
 *
 * The host sends a command number; the driver answers with it, hands over all
 * the free blocks that it can get hold of, and ends with STOP.  It keeps the
 * blocks until the host says DONE.  Under pressure the guest may have blocks
 * back earlier, but only those that the host has acknowledged: a block that is
 * in use by the time the host looks at it would be lost.  So hint_room.c limits
 * how many wait for the host, and leaves the guest its floor.
 */
#include "hint.h"

#include <linux/delay.h>
#include <linux/gfp.h>
#include <linux/jiffies.h>
#include <linux/mm.h>
#include <linux/mmzone.h>
#include <linux/nodemask.h>
#include <linux/pageblock-flags.h>
#include <linux/scatterlist.h>
#include <linux/virtio_balloon.h>
#include <linux/virtio_config.h>
#include <linux/vmstat.h>

#include <vmhooks/mm_hooks.h>

#include "balloon_report.h"
#include "balloon_report_trace.h"
#include "hint_room.h"
#include "mm.h"
#include "shrinker.h"

/*
 * No reclaim and no reserves: only what is free.  A hinted block cannot move, so
 * it comes neither from ZONE_MOVABLE nor from CMA, which promise that it can.
 */
#define HINT_GFP (__GFP_NORETRY | __GFP_NOWARN | __GFP_NOMEMALLOC)
/* Blocks for each kick. */
#define HINT_BATCH 16
/*
 * How often to look for a host that has not read our last command, for blocks
 * that come back after DONE, and whether the guest has its floor.
 */
#define HINT_POLL (HZ / 10)
/* How often a guest that is out of memory looks for an answer. */
#define HINT_LOOK_MS 5

/* In page_private, beside the order: the host has discarded the block by a report. */
#define HINT_DISCARDED BIT(8)

static struct page *hint_alloc(unsigned int order)
{
	struct page *page = alloc_pages(HINT_GFP, order);

	if (page)
		set_page_private(page, order |
				 (mm_hooks_pages_taken(page, order) ?
					  HINT_DISCARDED : 0));
	return page;
}

static unsigned long hint_pages(const struct page *page)
{
	return 1UL << (page_private(page) & ~HINT_DISCARDED);
}

static void hint_free(struct page *page)
{
	unsigned int order = page_private(page) & ~HINT_DISCARDED;

	mm_hooks_pages_returned(page, order,
				page_private(page) & HINT_DISCARDED);
	set_page_private(page, 0);
	__free_pages(page, order);
}

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
	hint->pending_pages -= hint_pages(page);
	hint->acked_pages += hint_pages(page);
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
		dev->hint.acked_pages -= hint_pages(page);
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
		freed += hint_pages(page);
		hint_free(page);
	}
	return freed;
}

void br_hint_release(struct br_device *dev)
{
	hint_free_acked(dev, ULONG_MAX);
}

/*
 * Memory of the zones that hints come from.  What is free elsewhere is of no use
 * to the kernel.
 */
static u64 hint_available(void)
{
	u64 available = max(si_mem_available(), 0L);
	u64 elsewhere = global_zone_page_state(NR_FREE_CMA_PAGES);
	int nid;

	for_each_online_node(nid)
		elsewhere += zone_page_state(&NODE_DATA(nid)->node_zones[ZONE_MOVABLE],
					     NR_FREE_PAGES);
	return available > elsewhere ? available - elsewhere : 0;
}

/* What the host has answered by now is @acked. */
static struct br_hint_memory hint_memory(struct br_device *dev)
{
	struct br_queue *q = hint_queue(dev);
	struct br_hint_memory memory = {
		.available = hint_available(),
		.floor = (u64)br_floor_mb() << (20 - PAGE_SHIFT),
	};

	br_queue_drain(dev, q);
	spin_lock_irq(&q->lock);
	memory.pending = dev->hint.pending_pages;
	memory.acked = dev->hint.acked_pages;
	spin_unlock_irq(&q->lock);
	return memory;
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

static void hint_list(struct br_device *dev, struct page *page)
{
	struct br_queue *q = hint_queue(dev);

	spin_lock_irq(&q->lock);
	list_add(&page->lru, &dev->hint.pending);
	dev->hint.pending_pages += hint_pages(page);
	spin_unlock_irq(&q->lock);
}

static void hint_unlist(struct br_device *dev, struct page *page)
{
	struct br_queue *q = hint_queue(dev);

	spin_lock_irq(&q->lock);
	list_del(&page->lru);
	dev->hint.pending_pages -= hint_pages(page);
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
	hint_list(dev, page);
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
		hint_free(page);
	} else {
		br_count(dev, hint_blocks);
	}
	return err;
}

/* Waits for the host.  Return: may a block of @pages be taken for @cmd? */
static bool hint_wait_room(struct br_device *dev, u32 cmd, unsigned long pages)
{
	struct br_hint *hint = &dev->hint;

	while (br_may_work(dev) && hint_command(dev) == cmd) {
		struct br_hint_memory memory;
		enum br_hint_room room;

		WRITE_ONCE(hint->returned, false);
		memory = hint_memory(dev);
		room = br_hint_room(&memory, pages);
		if (room != BR_HINT_WAIT)
			return room == BR_HINT_TAKE;
		br_queue_kick(hint_queue(dev));
		if (br_queue_wait(dev, hint_queue(dev), &hint->returned))
			return false;
	}
	return false;
}

/* The largest blocks first; below a pageblock it is not worth a descriptor. */
static void hint_blocks(struct br_device *dev, u32 cmd)
{
	unsigned int order = MAX_PAGE_ORDER, n = 0;

	while (hint_wait_room(dev, cmd, 1UL << order)) {
		struct page *page = hint_alloc(order);

		if (page) {
			br_queue_work(dev, &dev->hint.floor_work, HINT_POLL);
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

unsigned long br_hint_free(struct br_device *dev, unsigned long want,
			   unsigned long until)
{
	unsigned long freed;
	bool pending;

	for (;;) {
		/* In this order: what is not pending any more is freed. */
		pending = READ_ONCE(dev->hint.pending_pages);
		br_queue_drain(dev, hint_queue(dev));
		freed = hint_free_acked(dev, want);
		if (freed || !pending || time_after_eq(jiffies, until))
			return freed;
		msleep(HINT_LOOK_MS);
	}
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
	pending = READ_ONCE(dev->hint.pending_pages);
	if (done)
		br_hint_release(dev);
	if (READ_ONCE(dev->hint.changed))
		br_queue_work(dev, &dev->hint.work, 0);
	else if (err || (done && pending))
		br_queue_work(dev, &dev->hint.work, HINT_POLL);
}

/*
 * Also in the middle of a migration, which then moves these blocks once more.
 * A work item of its own, as the other one may be waiting for the host.
 */
static void hint_floor_func(struct work_struct *work)
{
	struct br_device *dev =
		container_of(work, struct br_device, hint.floor_work.work);
	struct br_hint_memory memory = hint_memory(dev);

	hint_free_acked(dev, br_hint_due(&memory));
	if (memory.pending || memory.acked)
		br_queue_work(dev, &dev->hint.floor_work, HINT_POLL);
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

bool br_hint_in_use(struct br_device *dev)
{
	return hint_queue(dev)->vq && dev->plan.inflate;
}

void br_hint_start(struct br_device *dev)
{
	struct br_queue *q = hint_queue(dev);

	dev->hint.wanted = VIRTIO_BALLOON_CMD_ID_STOP;
	dev->hint.active = VIRTIO_BALLOON_CMD_ID_STOP;
	dev->hint.due = BR_HINT_NOTHING;
	dev->hint.cmd_out = false;
	/* Where nothing is given away the queue is there and idle. */
	if (!br_hint_in_use(dev))
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
	if (!br_hint_in_use(dev))
		return;
	WRITE_ONCE(dev->hint.changed, true);
	/* Whoever waits for a block looks at the command. */
	WRITE_ONCE(dev->hint.returned, true);
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
	INIT_DELAYED_WORK(&dev->hint.floor_work, hint_floor_func);
	INIT_LIST_HEAD(&dev->hint.pending);
	INIT_LIST_HEAD(&dev->hint.acked);
}
