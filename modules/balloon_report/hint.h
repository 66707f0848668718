/* SPDX-License-Identifier: GPL-2.0-only */
/* Free page hinting: free blocks that a migration need not transfer. */
#ifndef BALLOON_REPORT_HINT_H
#define BALLOON_REPORT_HINT_H

#include <linux/list.h>
#include <linux/types.h>
#include <linux/virtio_types.h>
#include <linux/workqueue.h>

struct br_device;
struct shrinker;

/**
 * enum br_hint_next - what the driver sends next for the active command
 * @BR_HINT_NOTHING: nothing: STOP was sent, or there was no command
 * @BR_HINT_BLOCKS:  blocks: the command id was sent, the device may not have read it
 * @BR_HINT_STOP:    STOP
 */
enum br_hint_next { BR_HINT_NOTHING, BR_HINT_BLOCKS, BR_HINT_STOP };

/**
 * struct br_hint - hinting of a device
 * @work:	    follows the commands of the device
 * @floor_work:	    frees retained blocks while the guest is below its floor
 * @shrinker:	    frees retained blocks in reclaim; NULL without hinting
 * @changed:	    the device may have another command
 * @wanted:	    the command that was read last (@work only)
 * @active:	    the command that was followed last (@work only)
 * @next:	    what is sent next for @active (@work only)
 * @cmd:	    buffer for a command (@work, while not @cmd_inflight)
 * @cmd_inflight:   @cmd is in flight (set by @work, cleared under q->lock)
 * @cmd_used:	    the device has read @cmd
 * @progress:	    a block was used, or @changed
 * @pending:	    blocks in flight (q->lock)
 * @pending_pages:  pages in @pending (q->lock)
 * @retained:	    blocks that the device has used, kept allocated until the migration
 *		    ends (q->lock)
 * @retained_pages: pages in @retained (q->lock)
 */
struct br_hint {
	struct delayed_work work;
	struct delayed_work floor_work;
	struct shrinker *shrinker;
	bool changed;
	u32 wanted;
	u32 active;
	enum br_hint_next next;
	__virtio32 cmd;
	bool cmd_inflight;
	bool cmd_used;
	bool progress;
	struct list_head pending;
	unsigned long pending_pages;
	struct list_head retained;
	unsigned long retained_pages;
};

/* Does not access the device.  Context: process. */
void br_hint_init(struct br_device *dev);

/* Register the shrinker if hinting is enabled.  Context: process, queues found. */
void br_hint_start(struct br_device *dev);

/* Follow the command of the device, if it changed.  Context: any. */
void br_hint_config_changed(struct br_device *dev);

/* Unregister the shrinker.  Context: process. */
void br_hint_stop(struct br_device *dev);

/* Free all retained blocks.  Context: process. */
void br_hint_free_retained(struct br_device *dev);

/**
 * br_hint_free_on_oom() - free retained blocks for the OOM path
 * @dev:   the device
 * @want:  pages wanted
 * @until: jiffies up to which to wait for the device
 *
 * Waits only while no block is retained and one is pending.
 *
 * Context: process, may sleep; allocates nothing and takes no mutex.
 * Return: pages freed.
 */
unsigned long br_hint_free_on_oom(struct br_device *dev, unsigned long want,
				  unsigned long until);

/*
 * Name the pending blocks of a lost device to mm_hooks, which refuses to offline them.
 * Context: process, after br_queues_drop(): nothing changes the list.
 */
void br_hint_mark_lost(struct br_device *dev);

#endif /* BALLOON_REPORT_HINT_H */
