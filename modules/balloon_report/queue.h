/* SPDX-License-Identifier: GPL-2.0-only */
/* A queue of the device, and waiting for the host on it. */
#ifndef BALLOON_REPORT_QUEUE_H
#define BALLOON_REPORT_QUEUE_H

#include <linux/atomic.h>
#include <linux/spinlock.h>
#include <linux/types.h>
#include <linux/wait.h>

struct br_device;
struct scatterlist;
struct virtqueue;

/* In the order of the specification, which is that of their numbers. */
enum br_queue_id {
	BR_Q_INFLATE,
	BR_Q_DEFLATE,
	BR_Q_STATS,
	BR_Q_HINT,
	BR_Q_REPORT,
	BR_Q_MAX
};

/**
 * struct br_queue - a queue
 * @vq:	     NULL when the host has none
 * @lock:    covers the ring; interrupts off
 * @quiet:   it has no interrupt: whoever waits for the host has to look
 * @open:    the host may be told of buffers: after DRIVER_OK, before a reset (@lock)
 * @kicks:   kicks that are under way
 * @acked:   jiffies when the host has last used a buffer, or the queue was opened
 * @wait:    woken when something was used or the state has changed
 * @on_used: called for each buffer that comes back, under @lock.  A buffer
 *	     comes back when the host has used it, or when the device was reset
 *	     and the host can no longer reach it.
 */
struct br_queue {
	struct virtqueue *vq;
	spinlock_t lock;	/* see above */
	bool quiet;
	bool open;
	atomic_t kicks;
	unsigned long acked;
	wait_queue_head_t wait;
	void (*on_used)(struct br_device *dev, void *token);
};

/**
 * br_queues_find() - set up the queues of the negotiated features
 * @dev: the device
 *
 * A queue that the host lacks is left out, with a line in the log, and so are
 * those behind it: their numbers would shift.  Inflate and deflate must be
 * there.
 *
 * Context: process, before DRIVER_OK.
 * Return: 0 or a negative errno.
 */
int br_queues_find(struct br_device *dev);

/* From here on buffers may be sent.  Context: process, after DRIVER_OK. */
void br_queues_open(struct br_device *dev);

/**
 * br_queues_close() - send nothing more
 * @dev: the device
 *
 * After the return no kick is under way and none will follow, so that the
 * device can be reset.  Context: process, may sleep.
 */
void br_queues_close(struct br_device *dev);

/*
 * Give the queues up.  Those of a lost device stay, and no longer call this module.
 * Context: process, may sleep; the device is reset or lost.
 */
void br_queues_drop(struct br_device *dev);

/**
 * br_queue_send() - give the host a buffer
 * @dev:   the device
 * @q:	   the queue
 * @sg:	   the buffer, with an end mark
 * @nents: its number of entries
 * @in:	   the host writes it (true) or reads it (false)
 * @token: what on_used() gets; not NULL
 * @kick:  tell the host now
 *
 * Context: any.
 * Return: 0, -EIO when the device cannot take anything any more, -ENOSPC when the ring is full.
 */
int br_queue_send(struct br_device *dev, struct br_queue *q,
		  struct scatterlist *sg, unsigned int nents, bool in,
		  void *token, bool kick);

/* Tell the host about what was sent without a kick.  Context: any. */
void br_queue_kick(struct br_queue *q);

/* Handle what the host has used.  Context: any. */
void br_queue_drain(struct br_device *dev, struct br_queue *q);

/**
 * br_queue_wait() - wait for the host
 * @dev:  the device
 * @q:	  the queue
 * @done: set by on_used()
 *
 * Ends at the latest after the parameter host_timeout_ms, or a second after
 * the device was told to stop, see br_patience_is_over().  A broken queue, or a
 * device that asks for it, is reset, which ends the wait as well.
 *
 * Context: process, may sleep.
 * Return: 0 when @done is set, -ETIMEDOUT when the host still has the buffer or
 * the device is lost,
 * -EIO when the device is dead, possibly just before on_used() is called.
 */
int br_queue_wait(struct br_device *dev, struct br_queue *q, const bool *done);

#endif /* BALLOON_REPORT_QUEUE_H */
