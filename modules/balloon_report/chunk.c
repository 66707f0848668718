// SPDX-License-Identifier: GPL-2.0-only
/*
 * A set of pages on its way into the balloon or out of it.
 *
 * While the host has not acknowledged a chunk, its pages are neither used nor
 * freed.  A wait that ends without an answer leaves them where they are.
 */
#include "chunk.h"

#include <linux/gfp.h>
#include <linux/mm.h>
#include <linux/scatterlist.h>
#include <linux/virtio_balloon.h>
#include <linux/virtio_config.h>

#include "balloon_report.h"
#include "target.h"

int br_chunk_init(struct br_chunk *chunk, struct br_queue *q)
{
	BUILD_BUG_ON(PAGE_SHIFT != VIRTIO_BALLOON_PFN_SHIFT);
	chunk->q = q;
	chunk->count = 0;
	INIT_LIST_HEAD(&chunk->pages);
	chunk->moved = NULL;
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
	lockdep_assert_held(&dev->balloon_lock);
	chunk->pfns[chunk->count++] =
		cpu_to_virtio32(dev->vdev, page_to_pfn(page));
}

void br_chunk_add(struct br_device *dev, struct br_chunk *chunk,
		  struct page *page)
{
	list_add_tail(&page->lru, &chunk->pages);
	chunk_add_pfn(dev, chunk, page);
}

void br_chunk_add_moved(struct br_device *dev, struct br_chunk *chunk,
			struct page *page)
{
	chunk->moved = page;
	chunk_add_pfn(dev, chunk, page);
}

struct page *br_chunk_pop(struct br_chunk *chunk)
{
	struct page *page = chunk->moved;

	chunk->moved = NULL;
	return page ?: balloon_page_pop(&chunk->pages);
}

void br_chunk_used(struct br_device *dev, void *token)
{
	struct br_chunk *chunk = token;

	WRITE_ONCE(chunk->back, true);
	/* Pairs with a wait that gives up just now: one of us sees the other. */
	smp_mb();
	if (READ_ONCE(chunk->late))
		br_queue_work(dev, &dev->size_work, 0);
}

bool br_chunk_is_back(struct br_device *dev, struct br_chunk *chunk)
{
	lockdep_assert_held(&dev->balloon_lock);
	if (!chunk->out || !READ_ONCE(chunk->back))
		return false;
	WRITE_ONCE(chunk->out, false);
	chunk->count = 0;
	WRITE_ONCE(chunk->late, false);
	return true;
}

int br_chunk_send(struct br_device *dev, struct br_chunk *chunk)
{
	struct scatterlist sg;
	int err;

	lockdep_assert_held(&dev->balloon_lock);
	sg_init_one(&sg, chunk->pfns, chunk->count * sizeof(chunk->pfns[0]));
	WRITE_ONCE(chunk->back, false);
	WRITE_ONCE(chunk->out, true);
	err = br_queue_send(dev, chunk->q, &sg, 1, false, chunk, true);
	if (err) {
		/* Only a reset makes the pages ours without being told. */
		br_reset(dev, "a queue takes no buffer");
		if (br_state(dev) == BR_LOST && chunk == &dev->deflate) {
			WRITE_ONCE(chunk->late, true);
			return -ETIMEDOUT;
		}
		WRITE_ONCE(chunk->out, false);
		chunk->count = 0;
		return -EIO;
	}
	return 0;
}

void br_chunk_wait(struct br_device *dev, struct br_chunk *chunk)
{
	/* The chunk itself says how it ended. */
	(void)br_queue_wait(dev, chunk->q, &chunk->back);
}

int br_chunk_settle(struct br_device *dev, struct br_chunk *chunk)
{
	lockdep_assert_held(&dev->balloon_lock);
	/* Somebody else has seen it come back. */
	if (!chunk->out)
		return 0;
	if (!READ_ONCE(chunk->back)) {
		WRITE_ONCE(chunk->late, true);
		/* Pairs with br_chunk_used(). */
		smp_mb();
		br_queue_work(dev, &dev->size_work,
			      msecs_to_jiffies(BR_BACKOFF_MAX_MS));
	}
	return br_chunk_is_back(dev, chunk) ? 0 : -ETIMEDOUT;
}

int br_chunk_tell(struct br_device *dev, struct br_chunk *chunk)
{
	int err = br_chunk_send(dev, chunk);

	if (err)
		return err;
	br_chunk_wait(dev, chunk);
	return br_chunk_settle(dev, chunk);
}
