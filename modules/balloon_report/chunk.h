/* SPDX-License-Identifier: GPL-2.0-only */
/* A set of pages on its way into the balloon or out of it. */
#ifndef BALLOON_REPORT_CHUNK_H
#define BALLOON_REPORT_CHUNK_H

#include <linux/limits.h>
#include <linux/list.h>
#include <linux/mm.h>
#include <linux/types.h>
#include <linux/virtio_types.h>

struct br_device;
struct br_queue;

/* The specification has no limit, but Firecracker skips what is longer. */
#define BR_CHUNK_PAGES 256U

/**
 * struct br_chunk - the pages and the buffer that tells the host
 * @q:	   the queue that it travels on
 * @pfns:  the buffer
 * @count: page numbers in it
 * @pages: the pages, by their lru
 * @moved: a page on its way out whose lru is still compaction's, or NULL
 * @out:   with the host (balloon_lock; out of memory looks at it without)
 * @back:  the host has used the buffer or can no longer reach it (q->lock)
 * @late:  nobody waits for it any more: size_work has to finish it
 */
struct br_chunk {
	struct br_queue *q;
	__virtio32 *pfns;
	unsigned int count;
	struct list_head pages;
	struct page *moved;
	bool out;
	bool back;
	bool late;
};

/* Context: process.  Return: 0 or -ENOMEM. */
int br_chunk_init(struct br_chunk *chunk, struct br_queue *q);
void br_chunk_free(struct br_chunk *chunk);

/* The host is told 32 bits of a page's number. */
static inline bool br_chunk_takes(const struct page *page)
{
	return page_to_pfn(page) <= U32_MAX;
}

/* Put a page in.  The caller holds balloon_lock and the chunk is not out. */
void br_chunk_add(struct br_device *dev, struct br_chunk *chunk,
		  struct page *page);

/* The same for the one page of a chunk whose lru is in use elsewhere. */
void br_chunk_add_moved(struct br_device *dev, struct br_chunk *chunk,
			struct page *page);

/* Take any page out again, NULL when there is none.  Not while it is out. */
struct page *br_chunk_pop(struct br_chunk *chunk);

/**
 * br_chunk_send() - send a chunk to the host
 * @dev:   the device
 * @chunk: not empty, not out
 *
 * Context: process, balloon_lock held, may sleep.
 * Return: 0; -EIO when it could not be sent: the pages are still only in the
 * chunk; -ETIMEDOUT for pages of the balloon of a lost device, which stay in it.
 */
int br_chunk_send(struct br_device *dev, struct br_chunk *chunk);

/**
 * br_chunk_wait() - wait for the host
 * @dev:   the device
 * @chunk: was sent
 *
 * br_chunk_settle() tells what has come of it.
 *
 * Context: process, may sleep; balloon_lock held or not.
 */
void br_chunk_wait(struct br_device *dev, struct br_chunk *chunk);

/**
 * br_chunk_settle() - what a wait has come to
 * @dev:   the device
 * @chunk: was sent and waited for; balloon_lock may have been released since
 *
 * Context: balloon_lock held.
 * Return: 0 when the host has acknowledged it (or cannot reach it any more);
 * -ETIMEDOUT: the pages stay in the chunk until br_chunk_is_back().
 */
int br_chunk_settle(struct br_device *dev, struct br_chunk *chunk);

/* All three: send a chunk, wait for the host, settle.  balloon_lock held. */
int br_chunk_tell(struct br_device *dev, struct br_chunk *chunk);

/**
 * br_chunk_is_back() - is a chunk that was out in our hands again?
 * @dev:   the device
 * @chunk: the chunk
 *
 * Context: balloon_lock held.
 * Return: true once for each time it was out.
 */
bool br_chunk_is_back(struct br_device *dev, struct br_chunk *chunk);

/* on_used() of the inflate and the deflate queue. */
void br_chunk_used(struct br_device *dev, void *token);

#endif /* BALLOON_REPORT_CHUNK_H */
