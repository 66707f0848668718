/* SPDX-License-Identifier: GPL-2.0-only */
/* Pages that one buffer moves into the balloon or out of it. */
#ifndef BALLOON_REPORT_CHUNK_H
#define BALLOON_REPORT_CHUNK_H

#include <linux/limits.h>
#include <linux/list.h>
#include <linux/mm.h>
#include <linux/types.h>
#include <linux/virtio_types.h>

#include "pfn.h"

struct br_device;
struct br_queue;

/* The specification has no limit, but Firecracker skips longer buffers. */
#define BR_CHUNK_PFNS 256U
/* The pages of a chunk. */
#define BR_CHUNK_PAGES (BR_CHUNK_PFNS / BR_PFNS_PER_PAGE)

/**
 * struct br_chunk - pages and the buffer with their numbers
 * @q:	      the inflate or the deflate queue
 * @pfns:     the buffer, with BR_PFNS_PER_PAGE page numbers for each page
 * @count:    pages in the buffer
 * @pages:    the pages, linked by lru
 * @migrated: a page that deflates while compaction uses its lru, or NULL
 * @inflight: the buffer is in flight (balloon.lock; the OOM notifier reads it without)
 * @used:     the device has used the buffer, or was reset (q->lock)
 * @late:     no task waits for the buffer any more: the size worker completes it
 */
struct br_chunk {
	struct br_queue *q;
	__virtio32 *pfns;
	unsigned int count;
	struct list_head pages;
	struct page *migrated;
	bool inflight;
	bool used;
	bool late;
};

/* Context: process.  Return: 0 or -ENOMEM. */
int br_chunk_init(struct br_chunk *chunk, struct br_queue *q);
void br_chunk_free(struct br_chunk *chunk);

/* A buffer has 32 bits for the number of a page. */
static inline bool br_page_is_sendable(const struct page *page)
{
	return page_to_pfn(page) <= U32_MAX / BR_PFNS_PER_PAGE;
}

/* Add a page to a chunk that is not in flight.  Context: balloon.lock held. */
void br_chunk_add(struct br_device *dev, struct br_chunk *chunk,
		  struct page *page);

/* Add a page whose lru compaction uses, once a chunk.  Context: balloon.lock held. */
void br_chunk_add_migrated(struct br_device *dev, struct br_chunk *chunk,
			   struct page *page);

/*
 * Remove any page from a chunk that is not in flight.
 * Context: balloon.lock held.  Return: the page, or NULL without one.
 */
struct page *br_chunk_pop(struct br_chunk *chunk);

/**
 * br_chunk_send() - send a chunk to the device
 * @dev:   the device
 * @chunk: not empty, not in flight
 *
 * Context: process, balloon.lock held, may sleep.
 * Return: 0; -EIO after a reset, with all pages still in the chunk; -ETIMEDOUT for
 * pages that deflate while the device is lost: they stay in the chunk.
 */
int br_chunk_send(struct br_device *dev, struct br_chunk *chunk);

/**
 * br_chunk_wait() - wait for a chunk as long as br_queue_wait() does
 * @dev:   the device
 * @chunk: was sent
 *
 * br_chunk_complete() returns the outcome.
 *
 * Context: process, may sleep; balloon.lock held or not.
 */
void br_chunk_wait(struct br_device *dev, struct br_chunk *chunk);

/**
 * br_chunk_complete() - complete a chunk after a wait
 * @dev:   the device
 * @chunk: was sent and waited for; balloon.lock may have been released since
 *
 * Context: balloon.lock held.
 * Return: 0 when the device used the buffer or was reset; -ETIMEDOUT when the chunk
 * is in flight: the pages stay in it until br_chunk_reap().
 */
int br_chunk_complete(struct br_device *dev, struct br_chunk *chunk);

/**
 * br_chunk_send_and_wait() - send a chunk, wait for it and complete it
 * @dev:   the device
 * @chunk: not empty, not in flight
 *
 * Context: process, balloon.lock held, may sleep.
 * Return: as br_chunk_send() and br_chunk_complete().
 */
int br_chunk_send_and_wait(struct br_device *dev, struct br_chunk *chunk);

/**
 * br_chunk_reap() - end the flight of a chunk that the device has used
 * @dev:   the device
 * @chunk: the chunk
 *
 * Context: balloon.lock held.
 * Return: true once for each time the chunk was in flight.
 */
bool br_chunk_reap(struct br_device *dev, struct br_chunk *chunk);

#endif /* BALLOON_REPORT_CHUNK_H */
