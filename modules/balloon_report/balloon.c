// SPDX-License-Identifier: GPL-2.0-only
/* The balloon: pages that the host has. */
#include "balloon.h"

#include <linux/delay.h>
#include <linux/jiffies.h>
#include <linux/mm.h>

#include <vmhooks/mm_hooks.h>

#include "balloon_report.h"
#include "balloon_report_trace.h"

/* Milliseconds without a page on the list, until they are lost. */
#define BALLOON_TRIES 10000

/* A host that answers later than this is waited for without the cushion. */
#define BALLOON_PATIENCE (HZ / 5)
/* How often a wait looks for a lost interrupt. */
#define BALLOON_LOOK ((long)HZ / 2)

static void inflate_finish(struct br_device *dev)
{
	struct page *page;
	unsigned int n = 0;

	lockdep_assert_held(&dev->balloon_lock);
	while ((page = br_chunk_pop(&dev->inflate))) {
		balloon_page_enqueue(&dev->balloon, page);
		n++;
	}
	dev->pages_held += n;
	br_count_add(dev, inflated_pages, n);
	trace_balloon_report_inflate(dev->vdev->index, n, dev->pages_held);
}

static unsigned int deflate_finish(struct br_device *dev)
{
	struct page *page;
	unsigned int n = 0;

	lockdep_assert_held(&dev->balloon_lock);
	while ((page = br_chunk_pop(&dev->deflate))) {
		/* What a reset has given back the host may not have seen. */
		mm_hooks_pages_returned(page, 0, br_state(dev) != BR_DEAD);
		put_page(page);
		n++;
	}
	br_count_add(dev, deflated_pages, n);
	trace_balloon_report_deflate(dev->vdev->index, n, dev->pages_held);
	return n;
}

static void reap(struct br_device *dev)
{
	lockdep_assert_held(&dev->balloon_lock);
	/* An interrupt may be lost. */
	if (dev->inflate.out)
		br_queue_drain(dev, dev->inflate.q);
	if (dev->deflate.out)
		br_queue_drain(dev, dev->deflate.q);
	if (br_chunk_is_back(dev, &dev->inflate))
		inflate_finish(dev);
	if (br_chunk_is_back(dev, &dev->deflate))
		deflate_finish(dev);
}

void br_balloon_reap(struct br_device *dev)
{
	mutex_lock(&dev->balloon_lock);
	reap(dev);
	mutex_unlock(&dev->balloon_lock);
}

static void free_list(struct list_head *pages)
{
	struct page *page;

	while ((page = balloon_page_pop(pages))) {
		mm_hooks_pages_returned(page, 0, false);
		put_page(page);
	}
}

/* Not under balloon_lock: an allocation may compact, and so migrate our pages. */
static unsigned int alloc_list(struct list_head *pages, unsigned int n)
{
	unsigned int i;

	for (i = 0; i < n; i++) {
		struct page *page = balloon_page_alloc();

		if (!page)
			break;
		mm_hooks_pages_taken(page, 0);
		if (!br_chunk_takes(page)) {
			mm_hooks_pages_returned(page, 0, false);
			put_page(page);
			break;
		}
		list_add(&page->lru, pages);
	}
	return i;
}

/* Sends up to @most pages of @spare.  Return: pages sent, or an error. */
static int inflate_send(struct br_device *dev, unsigned int most)
{
	struct page *page;
	int n, err;

	lockdep_assert_held(&dev->balloon_lock);
	reap(dev);
	if (dev->inflate.out)
		return -EBUSY;
	while (dev->inflate.count < most &&
	       (page = balloon_page_pop(&dev->spare)))
		br_chunk_add(dev, &dev->inflate, page);
	n = dev->inflate.count;
	err = br_chunk_send(dev, &dev->inflate);
	if (err)
		free_list(&dev->inflate.pages);
	return err ?: n;
}

/*
 * Waits for the host until @until at most.  It looks by itself now and then, as
 * an interrupt may be lost.
 *
 * Return: false when the host still has the chunk.
 */
static bool wait_until(struct br_device *dev, struct br_chunk *chunk,
		       unsigned long until)
{
	long left;

	while (!READ_ONCE(chunk->back) && !br_is_over(dev) &&
	       (left = until - jiffies) > 0) {
		wait_event_timeout(chunk->q->wait,
				   READ_ONCE(chunk->back) || br_is_over(dev),
				   min(left, BALLOON_LOOK));
		br_queue_drain(dev, chunk->q);
	}
	return READ_ONCE(chunk->back) || br_is_over(dev);
}

/*
 * The wait is not under balloon_lock: whoever is out of memory takes pages back
 * meanwhile.  Others may finish the chunk then, and migrate.c may send the next.
 * A host that lets the guest wait does not cost it the cushion as well.
 */
static int inflate_wait(struct br_device *dev)
{
	int err;

	if (!wait_until(dev, &dev->inflate, jiffies + BALLOON_PATIENCE))
		br_cushion_give(&dev->cushion);
	br_chunk_wait(dev, &dev->inflate);
	mutex_lock(&dev->balloon_lock);
	err = br_chunk_settle(dev, &dev->inflate);
	if (!err)
		inflate_finish(dev);
	mutex_unlock(&dev->balloon_lock);
	return err;
}

/* While the host is busy with a chunk, the guest finds the pages of the next. */
int br_balloon_inflate(struct br_device *dev, unsigned int n)
{
	int sent, err;

	if (list_empty(&dev->spare) &&
	    !alloc_list(&dev->spare, min(n, BR_CHUNK_PAGES)))
		return -ENOMEM;
	mutex_lock(&dev->balloon_lock);
	sent = inflate_send(dev, n);
	mutex_unlock(&dev->balloon_lock);
	if (sent < 0)
		return sent;
	if (n > sent && list_empty(&dev->spare))
		alloc_list(&dev->spare, min(n - sent, BR_CHUNK_PAGES));
	err = inflate_wait(dev);
	return err ?: sent;
}

void br_balloon_inflate_end(struct br_device *dev)
{
	free_list(&dev->spare);
}

/* Return: pages that are in the chunk now, or why there are none. */
static int deflate_fill(struct br_device *dev, unsigned int n)
{
	struct page *page;
	LIST_HEAD(pages);

	lockdep_assert_held(&dev->balloon_lock);
	reap(dev);
	if (dev->deflate.out)
		return -EBUSY;
	n = balloon_page_list_dequeue(&dev->balloon, &pages,
				      min(n, BR_CHUNK_PAGES));
	dev->pages_held -= n;
	while ((page = balloon_page_pop(&pages)))
		br_chunk_add(dev, &dev->deflate, page);
	return n;
}

int br_balloon_deflate(struct br_device *dev, unsigned int n)
{
	int ret = deflate_fill(dev, n);

	if (ret <= 0)
		return ret;
	/* -EIO: the host is out of reach, the pages are ours. */
	if (br_chunk_tell(dev, &dev->deflate) == -ETIMEDOUT)
		return -ETIMEDOUT;
	return deflate_finish(dev);
}

int br_balloon_deflate_by(struct br_device *dev, unsigned int n,
			  unsigned long until)
{
	int ret = deflate_fill(dev, n);

	if (ret <= 0)
		return ret;
	if (!br_chunk_send(dev, &dev->deflate))
		wait_until(dev, &dev->deflate, until);
	return br_chunk_settle(dev, &dev->deflate) ?: deflate_finish(dev);
}

bool br_balloon_has_pages(struct br_device *dev)
{
	return READ_ONCE(dev->pages_held) || READ_ONCE(dev->deflate.out);
}

/*
 * Compaction takes pages off the list for a moment, and gives them back or
 * swaps them; nobody else does.
 */
static void wait_for_pages(struct br_device *dev, unsigned int tries)
{
	if (tries > BALLOON_TRIES && !vmhooks_balloon_isolated(&dev->balloon)) {
		dev_err(&dev->vdev->dev, "%u pages are lost\n",
			dev->pages_held);
		dev->pages_held = 0;
	}
	mutex_unlock(&dev->balloon_lock);
	usleep_range(1000, 2000);
	mutex_lock(&dev->balloon_lock);
}

/* A slow host has its second too; the rest comes with the reset. */
void br_balloon_empty(struct br_device *dev)
{
	unsigned int tries = 0;
	int n = 0;

	mutex_lock(&dev->balloon_lock);
	reap(dev);
	while (dev->pages_held && n >= 0 && !br_patience_is_over(dev, dev->deflate.q)) {
		n = br_balloon_deflate(dev, dev->pages_held);
		if (n)
			tries = 0;
		else
			wait_for_pages(dev, ++tries);
	}
	mutex_unlock(&dev->balloon_lock);
}

void br_balloon_lose(struct br_device *dev)
{
	unsigned int tries = 0;
	LIST_HEAD(pages);
	unsigned int n;

	mutex_lock(&dev->balloon_lock);
	while (dev->pages_held) {
		n = balloon_page_list_dequeue(&dev->balloon, &pages,
					      dev->pages_held);
		dev->pages_held -= n;
		list_splice_init(&pages, &dev->lost);
		if (!n)
			wait_for_pages(dev, ++tries);
	}
	mutex_unlock(&dev->balloon_lock);
}

unsigned int br_balloon_quarantined(struct br_device *dev)
{
	unsigned int n = 0;

	if (READ_ONCE(dev->inflate.late))
		n += READ_ONCE(dev->inflate.count);
	if (READ_ONCE(dev->deflate.late))
		n += READ_ONCE(dev->deflate.count);
	return n;
}
