// SPDX-License-Identifier: GPL-2.0-only
/*
 * Free page hinting: free blocks that a migration need not transfer.
 *
 * The device announces a command id.  The driver sends the id, all free blocks that it
 * can allocate, and STOP.  It retains the blocks until the device announces DONE.
 *
 * Under memory pressure the guest gets blocks earlier, but only those that the device
 * has used: the device would drop the contents of a block that the guest writes before.
 * So hint_budget.c limits the pending blocks, and leaves the guest its floor.
 */
#include "hint.h"

#include <linux/delay.h>
#include <linux/gfp.h>
#include <linux/jiffies.h>
#include <linux/mm.h>
#include <linux/mmzone.h>
#include <linux/nodemask.h>
#include <linux/scatterlist.h>
#include <linux/virtio_balloon.h>
#include <linux/virtio_config.h>
#include <linux/vmstat.h>

#include <vmhooks/mm_hooks.h>

#include "balloon_report_trace.h"
#include "hint_budget.h"
#include "mm.h"
#include "params.h"
#include "queue.h"
#include "shrinker.h"
#include "state.h"
#include "wait.h"
#include "work.h"

/*
 * No reclaim and no reserves: free memory only.  A hinted block cannot be migrated, so
 * it comes neither from ZONE_MOVABLE nor from CMA.
 */
#define HINT_GFP (__GFP_NORETRY | __GFP_NOWARN | __GFP_NOMEMALLOC)
/*
 * Blocks of 4 MiB first.  With large pages the allocator's largest block is a part of the
 * guest that is hard to do without.  Blocks below 2 MiB are not worth a descriptor.
 */
#define HINT_ORDER_MAX min_t(unsigned int, MAX_PAGE_ORDER, 22 - PAGE_SHIFT)
#define HINT_ORDER_MIN (21 - PAGE_SHIFT)
/* Blocks for each kick. */
#define HINT_BATCH 16
/*
 * Jiffies between two polls for a command in flight, for blocks that are pending after
 * DONE, and for a guest below its floor.
 */
#define HINT_POLL (HZ / 10)
/* Milliseconds between two polls of the OOM path for used blocks. */
#define HINT_OOM_POLL_MS 5

/* In page_private, with the order: the device had discarded the block by a report. */
#define HINT_DISCARDED BIT(8)

static struct page *hint_alloc(unsigned int order)
{
	struct page *page = alloc_pages(HINT_GFP, order);

	if (page)
		set_page_private(page, order |
				 (mmh_pages_taken(page, order) ?
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

	mmh_pages_returned(page, order,
			   page_private(page) & HINT_DISCARDED);
	set_page_private(page, 0);
	__free_pages(page, order);
}

static struct br_queue *hint_queue(struct br_device *dev)
{
	return &dev->q[BR_Q_HINT];
}

static void hint_on_used(struct br_device *dev, void *token)
{
	struct br_hint *hint = &dev->hint;
	struct page *page = token;

	if (token == &hint->cmd) {
		WRITE_ONCE(hint->cmd_inflight, false);
		WRITE_ONCE(hint->cmd_used, true);
		return;
	}
	list_move(&page->lru, &hint->retained);
	hint->pending_pages -= hint_pages(page);
	hint->retained_pages += hint_pages(page);
	WRITE_ONCE(hint->progress, true);
}

static unsigned long hint_on_lost(struct br_device *dev)
{
	return READ_ONCE(dev->hint.pending_pages);
}

static struct page *hint_pop_retained(struct br_device *dev)
{
	struct br_queue *q = hint_queue(dev);
	struct page *page;

	spin_lock_irq(&q->lock);
	page = list_first_entry_or_null(&dev->hint.retained, struct page, lru);
	if (page) {
		list_del(&page->lru);
		dev->hint.retained_pages -= hint_pages(page);
	}
	spin_unlock_irq(&q->lock);
	return page;
}

/* Return: pages freed, at least @want if there are as many. */
static unsigned long hint_free_blocks(struct br_device *dev, unsigned long want)
{
	unsigned long freed = 0;
	struct page *page;

	while (freed < want && (page = hint_pop_retained(dev))) {
		freed += hint_pages(page);
		hint_free(page);
	}
	return freed;
}

void br_hint_free_retained(struct br_device *dev)
{
	hint_free_blocks(dev, ULONG_MAX);
}

/*
 * Available memory without ZONE_MOVABLE and CMA, from which neither hints nor most
 * allocations of the kernel come.
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

/* Blocks that the device has used by now are retained. */
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
	memory.retained = dev->hint.retained_pages;
	spin_unlock_irq(&q->lock);
	return memory;
}

static u32 hint_read_cmd(struct br_device *dev)
{
	if (xchg(&dev->hint.changed, false))
		virtio_cread_le(dev->vdev, struct virtio_balloon_config,
				free_page_hint_cmd_id, &dev->hint.wanted);
	return dev->hint.wanted;
}

/*
 * Return: 0; -ETIMEDOUT when the command is in flight; -EAGAIN when it was not sent,
 * because the last one is in flight or the ring is full of blocks; -EIO.
 */
static int hint_send_cmd(struct br_device *dev, u32 cmd)
{
	struct br_hint *hint = &dev->hint;
	struct scatterlist sg;
	int err;

	if (READ_ONCE(hint->cmd_inflight))
		return -EAGAIN;
	hint->cmd = cpu_to_virtio32(dev->vdev, cmd);
	WRITE_ONCE(hint->cmd_used, false);
	WRITE_ONCE(hint->cmd_inflight, true);
	sg_init_one(&sg, &hint->cmd, sizeof(hint->cmd));
	do {
		WRITE_ONCE(hint->progress, false);
		err = br_queue_send(dev, hint_queue(dev), &sg, 1, false,
				    &hint->cmd, true);
		if (err == -ENOSPC &&
		    br_queue_wait(dev, hint_queue(dev), &hint->progress))
			err = -EAGAIN;
	} while (err == -ENOSPC);
	if (err) {
		WRITE_ONCE(hint->cmd_inflight, false);
		return err;
	}
	br_count(dev, hint_cmds);
	return br_queue_wait(dev, hint_queue(dev), &hint->cmd_used);
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

static int hint_send_block(struct br_device *dev, struct page *page,
			   unsigned int order, bool kick)
{
	struct br_queue *q = hint_queue(dev);
	struct scatterlist sg;
	int err;

	sg_init_table(&sg, 1);
	sg_set_page(&sg, page, PAGE_SIZE << order, 0);
	hint_list(dev, page);
	do {
		WRITE_ONCE(dev->hint.progress, false);
		err = br_queue_send(dev, q, &sg, 1, true, page, kick);
		if (err != -ENOSPC)
			break;
		br_queue_kick(q);
		err = br_queue_wait(dev, q, &dev->hint.progress);
	} while (!err);
	if (err) {
		hint_unlist(dev, page);
		hint_free(page);
	} else {
		br_count(dev, hint_blocks);
	}
	return err;
}

/* Wait for the budget.  Return: whether a block of @pages may be allocated for @cmd. */
static bool hint_wait_budget(struct br_device *dev, u32 cmd, unsigned long pages)
{
	struct br_hint *hint = &dev->hint;

	while (br_is_runnable(dev) && hint_read_cmd(dev) == cmd) {
		struct br_hint_memory memory;
		enum br_hint_budget budget;

		WRITE_ONCE(hint->progress, false);
		memory = hint_memory(dev);
		budget = br_hint_check_budget(&memory, pages);
		if (budget != BR_HINT_WAIT)
			return budget == BR_HINT_ALLOC;
		br_queue_kick(hint_queue(dev));
		if (br_queue_wait(dev, hint_queue(dev), &hint->progress))
			return false;
	}
	return false;
}

static void hint_send_blocks(struct br_device *dev, u32 cmd)
{
	unsigned int order = HINT_ORDER_MAX, n = 0;

	while (hint_wait_budget(dev, cmd, 1UL << order)) {
		struct page *page = hint_alloc(order);

		if (page) {
			br_work_queue(dev, &dev->hint.floor_work, HINT_POLL);
			if (hint_send_block(dev, page, order, !(++n % HINT_BATCH)))
				break;
			cond_resched();
			continue;
		}
		if (order == HINT_ORDER_MIN)
			break;
		order--;
	}
	br_queue_kick(hint_queue(dev));
	trace_br_hint(dev->vdev->index, cmd, n);
}

/* Send the blocks and STOP of the active command.  Return: see hint_send_cmd(). */
static int hint_finish(struct br_device *dev, u32 cmd)
{
	struct br_hint *hint = &dev->hint;
	int err;

	if (hint->next == BR_HINT_NOTHING)
		return 0;
	if (READ_ONCE(hint->cmd_inflight))
		return -EAGAIN;
	if (hint->next == BR_HINT_BLOCKS && cmd == hint->active)
		hint_send_blocks(dev, cmd);
	hint->next = BR_HINT_STOP;
	err = hint_send_cmd(dev, VIRTIO_BALLOON_CMD_ID_STOP);
	if (err != -EAGAIN)
		hint->next = BR_HINT_NOTHING;
	return err;
}

/* Return: 0, or a negative errno: retry later. */
static int hint_follow(struct br_device *dev, u32 cmd)
{
	struct br_hint *hint = &dev->hint;
	int err = hint_finish(dev, cmd);

	if (err || cmd == hint->active)
		return err;
	if (cmd != VIRTIO_BALLOON_CMD_ID_DONE &&
	    cmd != VIRTIO_BALLOON_CMD_ID_STOP) {
		err = hint_send_cmd(dev, cmd);
		if (err == -EAGAIN)
			return err;
		hint->next = BR_HINT_BLOCKS;
	}
	hint->active = cmd;
	return err ?: hint_finish(dev, cmd);
}

unsigned long br_hint_free_on_oom(struct br_device *dev, unsigned long want,
				  unsigned long until)
{
	unsigned long freed;
	bool pending;

	for (;;) {
		/* Read first: a block that leaves @pending meanwhile is freed below. */
		pending = READ_ONCE(dev->hint.pending_pages);
		br_queue_drain(dev, hint_queue(dev));
		freed = hint_free_blocks(dev, want);
		if (freed || !pending || time_after_eq(jiffies, until))
			return freed;
		msleep(HINT_OOM_POLL_MS);
	}
}

static void hint_func(struct work_struct *work)
{
	struct br_device *dev =
		container_of(work, struct br_device, hint.work.work);
	u32 cmd = hint_read_cmd(dev);
	bool done = cmd == VIRTIO_BALLOON_CMD_ID_DONE;
	bool pending;
	int err;

	br_queue_drain(dev, hint_queue(dev));
	if (done)
		br_hint_free_retained(dev);
	err = hint_follow(dev, cmd);
	/* Read first: a block that leaves @pending meanwhile is freed below. */
	pending = READ_ONCE(dev->hint.pending_pages);
	if (done)
		br_hint_free_retained(dev);
	if (READ_ONCE(dev->hint.changed))
		br_work_queue(dev, &dev->hint.work, 0);
	else if (err || (done && pending))
		br_work_queue(dev, &dev->hint.work, HINT_POLL);
}

/*
 * Also during a migration, which then transfers these blocks again.  A work item of its
 * own, because the other one may wait for the device.
 */
static void hint_floor_func(struct work_struct *work)
{
	struct br_device *dev =
		container_of(work, struct br_device, hint.floor_work.work);
	struct br_hint_memory memory = hint_memory(dev);

	hint_free_blocks(dev, br_hint_deficit(&memory));
	if (memory.pending || memory.retained)
		br_work_queue(dev, &dev->hint.floor_work, HINT_POLL);
}

static unsigned long hint_count(struct shrinker *shrinker,
				struct shrink_control *sc)
{
	struct br_device *dev = vmhooks_shrinker_data(shrinker);

	br_queue_drain(dev, hint_queue(dev));
	return READ_ONCE(dev->hint.retained_pages);
}

static unsigned long hint_scan(struct shrinker *shrinker,
			       struct shrink_control *sc)
{
	return hint_free_blocks(vmhooks_shrinker_data(shrinker),
			       sc->nr_to_scan) ?: SHRINK_STOP;
}

static void hint_add_shrinker(struct br_device *dev)
{
	struct shrinker *shrinker = shrinker_alloc(0, "balloon_report");

	if (!shrinker) {
		dev_warn(&dev->vdev->dev,
			 "failed to allocate a shrinker: reclaim frees no hinted blocks during a migration\n");
		return;
	}
	shrinker->count_objects = hint_count;
	shrinker->scan_objects = hint_scan;
	vmhooks_shrinker_data(shrinker) = dev;
	shrinker_register(shrinker);
	dev->hint.shrinker = shrinker;
}

static bool hint_is_enabled(struct br_device *dev)
{
	return hint_queue(dev)->vq && dev->plan.inflate;
}

void br_hint_start(struct br_device *dev)
{
	struct br_queue *q = hint_queue(dev);

	dev->hint.wanted = VIRTIO_BALLOON_CMD_ID_STOP;
	dev->hint.active = VIRTIO_BALLOON_CMD_ID_STOP;
	dev->hint.next = BR_HINT_NOTHING;
	dev->hint.cmd_inflight = false;
	/* A guest that does not inflate leaves the queue idle. */
	if (!hint_is_enabled(dev))
		return;
	/* One entry must be free for a command. */
	if (virtqueue_get_vring_size(q->vq) < 2) {
		dev_warn(&dev->vdev->dev,
			 "free page hinting disabled: the virtqueue has 1 entry, 2 are required\n");
		q->vq = NULL;
		return;
	}
	hint_add_shrinker(dev);
}

void br_hint_config_changed(struct br_device *dev)
{
	if (!hint_is_enabled(dev))
		return;
	WRITE_ONCE(dev->hint.changed, true);
	/* A wait for a block reads the command again. */
	WRITE_ONCE(dev->hint.progress, true);
	br_work_queue(dev, &dev->hint.work, 0);
}

void br_hint_stop(struct br_device *dev)
{
	shrinker_free(dev->hint.shrinker);
	dev->hint.shrinker = NULL;
}

void br_hint_mark_lost(struct br_device *dev)
{
	const struct page *page;

	list_for_each_entry(page, &dev->hint.pending, lru)
		mmh_lose(page_to_pfn(page), hint_pages(page));
}

void br_hint_init(struct br_device *dev)
{
	struct br_queue *q = hint_queue(dev);

	/*
	 * QEMU serves this queue in a thread of its own, without the lock of its
	 * interrupt controllers.  Under TCG an interrupt from there aborts it.
	 */
	q->quiet = true;
	q->on_used = hint_on_used;
	q->on_lost = hint_on_lost;
	INIT_DELAYED_WORK(&dev->hint.work, hint_func);
	INIT_DELAYED_WORK(&dev->hint.floor_work, hint_floor_func);
	INIT_LIST_HEAD(&dev->hint.pending);
	INIT_LIST_HEAD(&dev->hint.retained);
}
