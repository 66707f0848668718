// SPDX-License-Identifier: GPL-2.0-only
/*
 * Pages that one buffer moves into the balloon or out of it.
 *
 * The pages of a chunk in flight are neither used nor freed.  After a wait that timed
 * out they stay in the chunk until the device uses the buffer or is reset.
 */
#include "chunk.h"

#include <linux/gfp.h>
#include <linux/scatterlist.h>
#include <linux/virtio_balloon.h>
#include <linux/virtio_config.h>

#include "backoff.h"
#include "queue.h"
#include "state.h"
#include "wait.h"
#include "work.h"

static void chunk_on_used(struct br_device *dev, void *token)
{
	struct br_chunk *chunk = token;

	WRITE_ONCE(chunk->used, true);
	/* Pairs with br_chunk_complete(): this sees @late, or that sees @used. */
	smp_mb();
	if (READ_ONCE(chunk->late))
		br_work_queue(dev, &dev->size.work, 0);
}

int br_chunk_init(struct br_chunk *chunk, struct br_queue *q)
{
	BUILD_BUG_ON(BR_CHUNK_PFNS * sizeof(chunk->pfns[0]) > PAGE_SIZE);
	q->on_used = chunk_on_used;
	chunk->q = q;
	chunk->count = 0;
	INIT_LIST_HEAD(&chunk->pages);
	chunk->migrated = NULL;
	chunk->pfns = (__virtio32 *)__get_free_page(GFP_KERNEL);
	return chunk->pfns ? 0 : -ENOMEM;
}

void br_chunk_free(struct br_chunk *chunk)
{
	free_page((unsigned long)chunk->pfns);
	chunk->pfns = NULL;
}

static void chunk_add_pfn(struct br_device *dev, struct br_chunk *chunk,
			  struct page *page)
{
	__virtio32 *pfns = &chunk->pfns[chunk->count++ * BR_PFNS_PER_PAGE];
	u32 first = br_pages_to_device(page_to_pfn(page));
	unsigned int i;

	lockdep_assert_held(&dev->balloon.lock);
	for (i = 0; i < BR_PFNS_PER_PAGE; i++)
		pfns[i] = cpu_to_virtio32(dev->vdev, first + i);
}

void br_chunk_add(struct br_device *dev, struct br_chunk *chunk,
		  struct page *page)
{
	list_add_tail(&page->lru, &chunk->pages);
	chunk_add_pfn(dev, chunk, page);
}

void br_chunk_add_migrated(struct br_device *dev, struct br_chunk *chunk,
			   struct page *page)
{
	chunk->migrated = page;
	chunk_add_pfn(dev, chunk, page);
}

struct page *br_chunk_pop(struct br_chunk *chunk)
{
	struct page *page = chunk->migrated;

	chunk->migrated = NULL;
	return page ?: balloon_page_pop(&chunk->pages);
}

bool br_chunk_reap(struct br_device *dev, struct br_chunk *chunk)
{
	lockdep_assert_held(&dev->balloon.lock);
	if (!chunk->inflight || !READ_ONCE(chunk->used))
		return false;
	WRITE_ONCE(chunk->inflight, false);
	chunk->count = 0;
	WRITE_ONCE(chunk->late, false);
	return true;
}

/* Only a reset returns pages to the guest that the device was not told of. */
static int chunk_send_failed(struct br_device *dev, struct br_chunk *chunk)
{
	br_device_reset(dev, "failed to send a chunk");
	if (br_state(dev) == BR_LOST && chunk == &dev->balloon.deflate) {
		WRITE_ONCE(chunk->late, true);
		return -ETIMEDOUT;
	}
	WRITE_ONCE(chunk->inflight, false);
	chunk->count = 0;
	return -EIO;
}

int br_chunk_send(struct br_device *dev, struct br_chunk *chunk)
{
	unsigned int n = chunk->count * BR_PFNS_PER_PAGE;
	struct scatterlist sg;

	lockdep_assert_held(&dev->balloon.lock);
	sg_init_one(&sg, chunk->pfns, n * sizeof(chunk->pfns[0]));
	WRITE_ONCE(chunk->used, false);
	WRITE_ONCE(chunk->inflight, true);
	if (br_queue_send(dev, chunk->q, &sg, 1, false, chunk, true))
		return chunk_send_failed(dev, chunk);
	return 0;
}

void br_chunk_wait(struct br_device *dev, struct br_chunk *chunk)
{
	/* The fields of the chunk are the outcome. */
	(void)br_queue_wait(dev, chunk->q, &chunk->used);
}

int br_chunk_complete(struct br_device *dev, struct br_chunk *chunk)
{
	lockdep_assert_held(&dev->balloon.lock);
	/* Another task has reaped it. */
	if (!chunk->inflight)
		return 0;
	if (!READ_ONCE(chunk->used)) {
		WRITE_ONCE(chunk->late, true);
		/* Pairs with chunk_on_used(). */
		smp_mb();
		br_work_queue(dev, &dev->size.work,
			      msecs_to_jiffies(BR_BACKOFF_MAX_MS));
	}
	return br_chunk_reap(dev, chunk) ? 0 : -ETIMEDOUT;
}

int br_chunk_send_and_wait(struct br_device *dev, struct br_chunk *chunk)
{
	int err = br_chunk_send(dev, chunk);

	if (err)
		return err;
	br_chunk_wait(dev, chunk);
	return br_chunk_complete(dev, chunk);
}
