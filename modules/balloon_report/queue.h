/* SPDX-License-Identifier: GPL-2.0-only */
/* The virtqueues of a device. */
#ifndef BALLOON_REPORT_QUEUE_H
#define BALLOON_REPORT_QUEUE_H

#include <linux/atomic.h>
#include <linux/spinlock.h>
#include <linux/types.h>
#include <linux/wait.h>

struct br_device;
struct scatterlist;
struct virtqueue;

/* In the order of the specification, which numbers the virtqueues. */
enum br_queue_id {
	BR_Q_INFLATE,
	BR_Q_DEFLATE,
	BR_Q_STATS,
	BR_Q_HINT,
	BR_Q_REPORT,
	BR_Q_MAX
};

/**
 * struct br_queue - a virtqueue
 * @vq:	       NULL when the queue is not in use
 * @lock:      covers the ring; interrupts off
 * @quiet:     the queue has no interrupt, so each wait polls it
 * @open:      buffers may be sent: after DRIVER_OK, before a reset (@lock)
 * @kicks:     kicks that are decided and not done yet
 * @last_used: jiffies when the device last used a buffer, or when the queue opened
 * @wait:      woken when a buffer was used or the state changed
 * @on_used:   called for each buffer that the device used, and after a reset for
 *	       each buffer that was in flight.  Under @lock.
 * @on_lost:   called once when the device becomes lost, or NULL.  Returns the pages
 *	       that the device keeps.  Process context, without @lock.
 */
struct br_queue {
	struct virtqueue *vq;
	spinlock_t lock;	/* see above */
	bool quiet;
	bool open;
	atomic_t kicks;
	unsigned long last_used;
	wait_queue_head_t wait;
	void (*on_used)(struct br_device *dev, void *token);
	unsigned long (*on_lost)(struct br_device *dev);
};

/* Does not access the device.  Context: process. */
void br_queues_init(struct br_device *dev);

/**
 * br_queues_find() - set up the virtqueues of the negotiated features
 * @dev: the device
 *
 * A queue that cannot be set up is left out with a warning, and so are the queues
 * behind it, because their numbers would shift.  The inflate and the deflate queue
 * are required.
 *
 * Context: process, before DRIVER_OK.
 * Return: 0 or a negative errno.
 */
int br_queues_find(struct br_device *dev);

/* Allow buffers to be sent.  Context: process, after DRIVER_OK. */
void br_queues_open(struct br_device *dev);

/**
 * br_queues_close() - send no more buffers
 * @dev: the device
 *
 * After the return no kick is being done and none follows, so the device can be
 * reset.
 *
 * Context: process, may sleep.
 */
void br_queues_close(struct br_device *dev);

/* Hand all buffers in flight to on_used().  Context: process, after a reset. */
void br_queues_detach(struct br_device *dev);

/*
 * Delete the virtqueues.  Those of a lost device stay and no longer call this module.
 * Context: process, may sleep; the device is reset or lost.
 */
void br_queues_drop(struct br_device *dev);

/**
 * br_queue_send() - send a buffer to the device
 * @dev:   the device
 * @q:	   the queue
 * @sg:	   the buffer, with an end mark
 * @nents: number of entries in @sg
 * @in:	   the device writes the buffer (true) or reads it (false)
 * @token: passed to on_used(); not NULL
 * @kick:  notify the device at once
 *
 * Context: any.
 * Return: 0, -EIO when the queue is closed or broken, -ENOSPC when the ring is full.
 */
int br_queue_send(struct br_device *dev, struct br_queue *q,
		  struct scatterlist *sg, unsigned int nents, bool in,
		  void *token, bool kick);

/* Notify the device of buffers that were sent without a kick.  Context: any. */
void br_queue_kick(struct br_queue *q);

/* Hand the buffers that the device has used to on_used().  Context: any. */
void br_queue_drain(struct br_device *dev, struct br_queue *q);

#endif /* BALLOON_REPORT_QUEUE_H */
