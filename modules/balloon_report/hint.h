/* SPDX-License-Identifier: GPL-2.0-only */
/* Free page hinting: what a migration need not move. */
#ifndef BALLOON_REPORT_HINT_H
#define BALLOON_REPORT_HINT_H

#include <linux/list.h>
#include <linux/types.h>
#include <linux/virtio_types.h>
#include <linux/workqueue.h>

struct br_device;
struct shrinker;

/**
 * enum br_hint_due - what the host still has to get for a command
 * @BR_HINT_NOTHING: it has heard STOP, or never of a command
 * @BR_HINT_BLOCKS:  it has got the id and may not have read it yet; now blocks
 * @BR_HINT_STOP:    STOP
 */
enum br_hint_due { BR_HINT_NOTHING, BR_HINT_BLOCKS, BR_HINT_STOP };

/**
 * struct br_hint - the state of hinting
 * @work:     follows the host's commands
 * @floor_work: gives @acked back when the guest is below its floor
 * @shrinker: gives @acked back to a guest in need; NULL when there is none
 * @changed:  the host's command may be another one
 * @wanted:   the host's command as it was read last (work only)
 * @active:   the command that was followed last (work only)
 * @due:      what it still takes (work only)
 * @cmd:      buffer for a command of ours (work, while not @cmd_out)
 * @cmd_out:  the host has it (set by work, cleared under q->lock)
 * @cmd_back: the host has read it
 * @returned: some block came back, or @changed
 * @pending:  blocks that the host has not acknowledged (q->lock)
 * @pending_pages: pages in @pending (q->lock)
 * @acked:    blocks that it has; ours, kept so that they stay unused (q->lock)
 * @acked_pages: pages in @acked (q->lock)
 */
struct br_hint {
	struct delayed_work work;
	struct delayed_work floor_work;
	struct shrinker *shrinker;
	bool changed;
	u32 wanted;
	u32 active;
	enum br_hint_due due;
	__virtio32 cmd;
	bool cmd_out;
	bool cmd_back;
	bool returned;
	struct list_head pending;
	unsigned long pending_pages;
	struct list_head acked;
	unsigned long acked_pages;
};

/* Does not look at the device.  Context: process. */
void br_hint_init(struct br_device *dev);

/* After the queues are there.  Context: process. */
void br_hint_start(struct br_device *dev);

/* The host may have another command.  Context: any. */
void br_hint_changed(struct br_device *dev);

/* Can this device be given hints?  Context: any, after br_hint_start(). */
bool br_hint_in_use(struct br_device *dev);

/* No shrinker any more.  Context: process. */
void br_hint_stop(struct br_device *dev);

/* Free every block that the host is done with.  Context: process. */
void br_hint_release(struct br_device *dev);

/**
 * br_hint_free() - give blocks back to a guest that is out of memory
 * @dev:   the device
 * @want:  pages
 * @until: jiffies up to which the host may answer
 *
 * Waits only while no block can be had and some block is with the host.
 *
 * Context: process, may sleep; allocates nothing and takes no mutex.
 * Return: pages that have become free.
 */
unsigned long br_hint_free(struct br_device *dev, unsigned long want,
			   unsigned long until);

/* on_used() of the hint queue. */
void br_hint_used(struct br_device *dev, void *token);

#endif /* BALLOON_REPORT_HINT_H */
