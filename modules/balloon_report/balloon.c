// SPDX-License-Identifier: GPL-2.0-only
/* The balloon: pages that the guest has given to the device. */
#include "balloon.h"

#include <linux/delay.h>
#include <linux/jiffies.h>
#include <linux/mm.h>
#include <linux/virtio_balloon.h>
#include <linux/virtio_config.h>

#include <vmhooks/mm_hooks.h>

#include "balloon_report_trace.h"
#include "queue.h"
#include "reserve.h"
#include "state.h"
#include "wait.h"

/* Give up after this many polls (1 ms each) of an empty page list. */
#define BALLOON_TRIES 10000

/* Jiffies after which inflation frees the reserve before it waits for the device. */
#define BALLOON_RESERVE_WAIT (HZ / 5)

static unsigned long chunk_num_inflight(const struct br_chunk *chunk)
{
	return READ_ONCE(chunk->inflight) ? READ_ONCE(chunk->count) : 0;
}

static unsigned long inflate_on_lost(struct br_device *dev)
{
	return READ_ONCE(dev->balloon.num_inflated) +
	       chunk_num_inflight(&dev->balloon.inflate);
}

static unsigned long deflate_on_lost(struct br_device *dev)
{
	return chunk_num_inflight(&dev->balloon.deflate);
}

int br_balloon_init(struct br_device *dev)
{
	struct br_queue *inflate = &dev->q[BR_Q_INFLATE];
	struct br_queue *deflate = &dev->q[BR_Q_DEFLATE];

	mutex_init(&dev->balloon.lock);
	INIT_LIST_HEAD(&dev->balloon.spare);
	INIT_LIST_HEAD(&dev->balloon.lost);
	inflate->on_lost = inflate_on_lost;
	deflate->on_lost = deflate_on_lost;
	return br_chunk_init(&dev->balloon.inflate, inflate) ?:
	       br_chunk_init(&dev->balloon.deflate, deflate);
}

void br_balloon_free(struct br_device *dev)
{
	br_chunk_free(&dev->balloon.deflate);
	br_chunk_free(&dev->balloon.inflate);
}

static void inflate_finish(struct br_device *dev)
{
	struct page *page;
	unsigned int n = 0;

	lockdep_assert_held(&dev->balloon.lock);
	while ((page = br_chunk_pop(&dev->balloon.inflate))) {
		balloon_page_enqueue(&dev->balloon.info, page);
		n++;
	}
	dev->balloon.num_inflated += n;
	br_count_add(dev, inflated_pages, n);
	trace_br_inflate(dev->vdev->index, br_pages_to_device(n),
			 br_pages_to_device(dev->balloon.num_inflated));
}

static unsigned int deflate_finish(struct br_device *dev)
{
	struct page *page;
	unsigned int n = 0;

	lockdep_assert_held(&dev->balloon.lock);
	while ((page = br_chunk_pop(&dev->balloon.deflate))) {
		/* The device may not have seen the pages that a reset returned. */
		mmh_pages_returned(page, 0, br_state(dev) != BR_DEAD);
		put_page(page);
		n++;
	}
	br_count_add(dev, deflated_pages, n);
	trace_br_deflate(dev->vdev->index, br_pages_to_device(n),
			 br_pages_to_device(dev->balloon.num_inflated));
	return n;
}

static void balloon_reap(struct br_device *dev)
{
	struct br_chunk *inflate = &dev->balloon.inflate;
	struct br_chunk *deflate = &dev->balloon.deflate;

	lockdep_assert_held(&dev->balloon.lock);
	/* An interrupt may be lost. */
	if (inflate->inflight)
		br_queue_drain(dev, inflate->q);
	if (deflate->inflight)
		br_queue_drain(dev, deflate->q);
	if (br_chunk_reap(dev, inflate))
		inflate_finish(dev);
	if (br_chunk_reap(dev, deflate))
		deflate_finish(dev);
}

void br_balloon_reap(struct br_device *dev)
{
	mutex_lock(&dev->balloon.lock);
	balloon_reap(dev);
	mutex_unlock(&dev->balloon.lock);
}

static void free_list(struct list_head *pages)
{
	struct page *page;

	while ((page = balloon_page_pop(pages))) {
		mmh_pages_returned(page, 0, false);
		put_page(page);
	}
}

/*
 * Not under balloon.lock: an allocation may compact, and compaction migrates pages of
 * the balloon.
 */
static unsigned int alloc_list(struct list_head *pages, unsigned int n)
{
	unsigned int i;

	for (i = 0; i < n; i++) {
		struct page *page = balloon_page_alloc();

		if (!page)
			break;
		mmh_pages_taken(page, 0);
		if (!br_page_is_sendable(page)) {
			mmh_pages_returned(page, 0, false);
			put_page(page);
			break;
		}
		list_add(&page->lru, pages);
	}
	return i;
}

/* Send at most @most spare pages.  Return: pages sent, or a negative errno. */
static int inflate_send(struct br_device *dev, unsigned int most)
{
	struct br_chunk *chunk = &dev->balloon.inflate;
	struct page *page;
	int n, err;

	lockdep_assert_held(&dev->balloon.lock);
	balloon_reap(dev);
	if (chunk->inflight)
		return -EBUSY;
	while (chunk->count < most &&
	       (page = balloon_page_pop(&dev->balloon.spare)))
		br_chunk_add(dev, chunk, page);
	n = chunk->count;
	err = br_chunk_send(dev, chunk);
	if (err)
		free_list(&chunk->pages);
	return err ?: n;
}

/*
 * Wait without balloon.lock, so that the OOM notifier can deflate meanwhile.  Another
 * task may complete the chunk then, and migrate.c may send the next one.  A slow device
 * does not keep the reserve from the guest.
 */
static int inflate_wait(struct br_device *dev)
{
	struct br_chunk *chunk = &dev->balloon.inflate;
	int err;

	if (!br_queue_wait_until(dev, chunk->q, &chunk->used,
				 jiffies + BALLOON_RESERVE_WAIT))
		br_reserve_free(&dev->reserve);
	br_chunk_wait(dev, chunk);
	mutex_lock(&dev->balloon.lock);
	err = br_chunk_complete(dev, chunk);
	if (!err)
		inflate_finish(dev);
	mutex_unlock(&dev->balloon.lock);
	return err;
}

/* While a chunk is in flight, the guest allocates the pages of the next one. */
int br_balloon_inflate(struct br_device *dev, unsigned int n)
{
	struct list_head *spare = &dev->balloon.spare;
	int sent, err;

	if (list_empty(spare) && !alloc_list(spare, min(n, BR_CHUNK_PAGES)))
		return -ENOMEM;
	mutex_lock(&dev->balloon.lock);
	sent = inflate_send(dev, n);
	mutex_unlock(&dev->balloon.lock);
	if (sent < 0)
		return sent;
	if (n > sent && list_empty(spare))
		alloc_list(spare, min(n - sent, BR_CHUNK_PAGES));
	err = inflate_wait(dev);
	return err ?: sent;
}

void br_balloon_free_spare(struct br_device *dev)
{
	free_list(&dev->balloon.spare);
}

/* Return: pages in the chunk, or a negative errno. */
static int deflate_fill(struct br_device *dev, unsigned int n)
{
	struct page *page;
	LIST_HEAD(pages);

	lockdep_assert_held(&dev->balloon.lock);
	balloon_reap(dev);
	if (dev->balloon.deflate.inflight)
		return -EBUSY;
	n = balloon_page_list_dequeue(&dev->balloon.info, &pages,
				      min(n, BR_CHUNK_PAGES));
	dev->balloon.num_inflated -= n;
	while ((page = balloon_page_pop(&pages)))
		br_chunk_add(dev, &dev->balloon.deflate, page);
	return n;
}

int br_balloon_deflate(struct br_device *dev, unsigned int n)
{
	int ret = deflate_fill(dev, n);

	if (ret <= 0)
		return ret;
	/* -EIO: the device cannot access the pages any more. */
	if (br_chunk_send_and_wait(dev, &dev->balloon.deflate) == -ETIMEDOUT)
		return -ETIMEDOUT;
	return deflate_finish(dev);
}

int br_balloon_deflate_until(struct br_device *dev, unsigned int n,
			     unsigned long until)
{
	struct br_chunk *chunk = &dev->balloon.deflate;
	int ret = deflate_fill(dev, n);

	if (ret <= 0)
		return ret;
	if (!br_chunk_send(dev, chunk))
		br_queue_wait_until(dev, chunk->q, &chunk->used, until);
	return br_chunk_complete(dev, chunk) ?: deflate_finish(dev);
}

bool br_balloon_has_pages(struct br_device *dev)
{
	return READ_ONCE(dev->balloon.num_inflated) ||
	       READ_ONCE(dev->balloon.deflate.inflight);
}

/* Only compaction takes pages off the list.  It puts them back or migrates them. */
static void wait_for_pages(struct br_device *dev, unsigned int tries)
{
	if (tries > BALLOON_TRIES &&
	    !vmhooks_balloon_isolated(&dev->balloon.info)) {
		dev_err(&dev->vdev->dev,
			"%u pages are missing on the list of the balloon: given up\n",
			dev->balloon.num_inflated);
		dev->balloon.num_inflated = 0;
	}
	mutex_unlock(&dev->balloon.lock);
	usleep_range(1000, 2000);
	mutex_lock(&dev->balloon.lock);
}

/* Pages that a slow device leaves here return to the guest with the reset. */
void br_balloon_deflate_all(struct br_device *dev)
{
	unsigned int tries = 0;
	int n = 0;

	mutex_lock(&dev->balloon.lock);
	balloon_reap(dev);
	while (dev->balloon.num_inflated && n >= 0 &&
	       !br_grace_expired(dev, dev->balloon.deflate.q)) {
		n = br_balloon_deflate(dev, dev->balloon.num_inflated);
		if (n)
			tries = 0;
		else
			wait_for_pages(dev, ++tries);
	}
	mutex_unlock(&dev->balloon.lock);
}

void br_balloon_write_actual(struct br_device *dev)
{
	u32 actual = br_pages_to_device(dev->balloon.num_inflated);

	lockdep_assert_held(&dev->balloon.lock);
	if (br_state(dev) == BR_DEAD || actual == dev->balloon.actual)
		return;
	dev->balloon.actual = actual;
	virtio_cwrite_le(dev->vdev, struct virtio_balloon_config, actual,
			 &actual);
}

/* QEMU keeps the size across a reset. */
void br_balloon_read_actual(struct br_device *dev)
{
	mutex_lock(&dev->balloon.lock);
	virtio_cread_le(dev->vdev, struct virtio_balloon_config, actual,
			&dev->balloon.actual);
	mutex_unlock(&dev->balloon.lock);
}

void br_balloon_lose(struct br_device *dev)
{
	unsigned int tries = 0;
	LIST_HEAD(pages);
	unsigned int n;

	mutex_lock(&dev->balloon.lock);
	while (dev->balloon.num_inflated) {
		n = balloon_page_list_dequeue(&dev->balloon.info, &pages,
					      dev->balloon.num_inflated);
		dev->balloon.num_inflated -= n;
		list_splice_init(&pages, &dev->balloon.lost);
		if (!n)
			wait_for_pages(dev, ++tries);
	}
	mutex_unlock(&dev->balloon.lock);
}

static void list_mark_lost(const struct list_head *pages)
{
	const struct page *page;

	list_for_each_entry(page, pages, lru)
		mmh_lose(page_to_pfn(page), 1);
}

void br_balloon_mark_lost(struct br_device *dev)
{
	const struct page *migrated = dev->balloon.deflate.migrated;

	list_mark_lost(&dev->balloon.lost);
	list_mark_lost(&dev->balloon.inflate.pages);
	list_mark_lost(&dev->balloon.deflate.pages);
	if (migrated)
		mmh_lose(page_to_pfn(migrated), 1);
}

unsigned int br_balloon_num_quarantined(struct br_device *dev)
{
	unsigned int n = 0;

	if (READ_ONCE(dev->balloon.inflate.late))
		n += READ_ONCE(dev->balloon.inflate.count);
	if (READ_ONCE(dev->balloon.deflate.late))
		n += READ_ONCE(dev->balloon.deflate.count);
	return n;
}
