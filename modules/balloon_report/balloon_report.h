/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * One balloon device.
 *
 * Everything is counted in balloon pages of 4 KiB, which are the pages of the
 * only architecture that this driver is for.
 */
#ifndef BALLOON_REPORT_H
#define BALLOON_REPORT_H

#include <linux/atomic.h>
#include <linux/jiffies.h>
#include <linux/list.h>
#include <linux/mutex.h>
#include <linux/notifier.h>
#include <linux/ratelimit.h>
#include <linux/workqueue.h>

#include <vmhooks/mm_hooks.h>

#include "balloon_list.h"
#include "chunk.h"
#include "cushion.h"
#include "features.h"
#include "hint.h"
#include "queue.h"
#include "stats.h"
#include "virtio.h"
#include "wake.h"

/**
 * enum br_state - where a device is in its life
 * @BR_DOWN:	 no queues, nothing may be sent
 * @BR_LIVE:	 in service
 * @BR_STOPPING: no new work, the host has a second to finish
 * @BR_DEAD:	 reset: the host can no longer reach anything of the guest
 * @BR_LOST:	 a reset was ignored: the host may use all that it has for ever
 */
enum br_state { BR_DOWN, BR_LIVE, BR_STOPPING, BR_DEAD, BR_LOST };

/* What a device counts.  Each is shown in sysfs under its name. */
struct br_counters {
	atomic64_t inflated_pages;
	atomic64_t deflated_pages;
	atomic64_t oom_deflated_pages;
	atomic64_t migrated_pages;
	atomic64_t alloc_failures;
	atomic64_t stats_updates;
	atomic64_t hint_blocks;
	atomic64_t hint_cmds;
	atomic64_t reported_bytes;
	atomic64_t reported_chains;
	atomic64_t report_errors;
	atomic64_t host_timeouts;
	atomic64_t resets;
	atomic64_t restarts;
};

/**
 * struct br_device - one balloon device
 * @vdev:	  the virtio device
 * @plan:	  what was negotiated
 * @q:		  the queues; those without a vq are not in use
 * @state:	  see br_set_state()
 * @sleeping:	  the system is about to sleep, and then asleep
 * @stop_by:	  jiffies at which patience ends in BR_STOPPING or @sleeping
 * @life_lock:	  serialises the coming and going of lives; covers @up, @up_since and
 *		  @failures
 * @up:		  has queues
 * @up_since:	  jiffies when it went into service
 * @failures:	  in a row, see restart.h
 * @leaving:	  it is not started again (@work_lock)
 * @life_work:	  looks for a fault, resets, takes everything back, starts again
 * @reset_lock:	  serialises resets; taken within @life_lock and @balloon_lock
 * @work_lock:	  a work item is queued only under it and only while BR_LIVE
 * @balloon_lock: covers @pages_held, @published, @inflate and @deflate.  Held while the
 *		  host acknowledges a deflation or a migration; whoever must not
 *		  wait for that tries it.  Nothing is allocated under it that
 *		  may reclaim.
 * @balloon:	  the pages that the host has, in the kernel's care for
 *		  compaction
 * @pages_held:	  how many those are
 * @published:	  how many the device was told of
 * @asked:	  pages that the host asked for last
 * @target:	  what we made of it
 * @floor:	  pages that inflation leaves to the guest (size_work only)
 * @floor_mb:	  the parameter that was in use last (size_work only)
 * @failed:	  why the last run towards @target failed, or 0 (size_work only)
 * @size_failures: how often in a row (size_work only)
 * @retry_at:	  jiffies of the next try after a failure (size_work only)
 * @stuck_line:	  limits the line that says so (size_work only)
 * @cushion:	  what a squeeze keeps from the host
 * @lost:	  pages of the balloon of a lost device
 * @lost_pages:	  those, and others that it has
 * @spare:	  pages that are about to go there (size_work only)
 * @inflate:	  pages on their way to the host
 * @deflate:	  pages on their way back
 * @size_work:	  brings the balloon to its size
 * @stats:	  the statistics' one buffer
 * @hint:	  free page hinting
 * @reporter:	  this device, as mm_hooks knows it
 * @reports:	  chains that are with the host (lock of the queue)
 * @reports_out:  how many those are
 * @report_late:  the host has been silent about them for host_timeout_ms
 * @oom:	  notified when the guest is out of memory
 * @oom_waiters:  who is out of memory now: size_work and compaction leave it to them
 * @oom_until:	  jiffies until which an OOM deflation stays out of the balloon
 * @oom_most:	  until then pages_held does not grow beyond this (balloon_lock)
 * @reboot:	  notified before the kernel resets all devices
 * @sleep:	  notified before the system sleeps, and afterwards
 * @wake:	  what keeps the system awake
 * @counters:	  what the device counts
 */
struct br_device {
	struct virtio_device *vdev;
	struct br_plan plan;
	struct br_queue q[BR_Q_MAX];

	enum br_state state;
	bool sleeping;
	unsigned long stop_by;
	struct mutex life_lock;		/* see above */
	bool up;
	unsigned long up_since;
	unsigned int failures;
	bool leaving;
	struct delayed_work life_work;
	struct mutex reset_lock;	/* see above */
	spinlock_t work_lock;		/* see above */

	struct mutex balloon_lock;	/* see above */
	struct balloon_dev_info balloon;
	unsigned int pages_held;
	u32 published;
	unsigned int asked;
	unsigned int target;
	u64 floor;
	unsigned int floor_mb;
	int failed;
	unsigned int size_failures;
	unsigned long retry_at;
	struct ratelimit_state stuck_line;
	struct br_cushion cushion;
	struct list_head lost;
	unsigned long lost_pages;
	struct list_head spare;
	struct br_chunk inflate;
	struct br_chunk deflate;
	struct delayed_work size_work;

	struct br_stats stats;
	struct br_hint hint;

	struct mm_hooks_reporter reporter;
	struct list_head reports;
	atomic_t reports_out;
	bool report_late;

	struct notifier_block oom;
	atomic_t oom_waiters;
	unsigned long oom_until;
	unsigned int oom_most;
	struct notifier_block reboot;
	struct notifier_block sleep;
	struct br_wake wake;

	struct br_counters counters;
};

#define br_count(dev, name) atomic64_inc(&(dev)->counters.name)
#define br_count_add(dev, name, n) atomic64_add(n, &(dev)->counters.name)

/* Device life: device.c */

/* The host's last second. */
#define BR_GRACE HZ

/**
 * br_set_state() - enter a state and wake whoever waits for the host
 * @dev:   the device
 * @state: the new state
 *
 * Context: any.
 */
void br_set_state(struct br_device *dev, enum br_state state);

static inline enum br_state br_state(const struct br_device *dev)
{
	return READ_ONCE(dev->state);
}

/* Neither dead nor lost devices take or return anything. */
static inline bool br_is_over(const struct br_device *dev)
{
	return br_state(dev) == BR_DEAD || br_state(dev) == BR_LOST;
}

/**
 * br_patience_is_over() - has a device on its way out, or to sleep, waited enough?
 * @dev: the device
 * @q:	 what is waited for
 *
 * The host's last second begins when the device is told to stop.  With
 * MUST_TELL_HOST it begins anew with each acknowledgment.  A dead or lost device
 * does not wait.
 *
 * Context: any.
 * Return: whether it is so; false for a device that stays.
 */
bool br_patience_is_over(const struct br_device *dev, const struct br_queue *q);

/* What is left to do before sleep is done after it: sleep.c queues the work. */
static inline bool br_may_work(const struct br_device *dev)
{
	return br_state(dev) == BR_LIVE && !READ_ONCE(dev->sleeping);
}

/**
 * br_device_fault() - what is wrong with a device
 * @dev: the device, its queues there
 *
 * Context: process.
 * Return: why it has to be reset, for the log, or NULL.
 */
const char *br_device_fault(struct br_device *dev);

/**
 * br_reset() - take everything back from the host
 * @dev: the device
 * @why: for the log, or NULL when this is part of a regular end
 *
 * Resets the device, once a life; after it every buffer that was with the host is
 * handed to the on_used() function of its queue.  Exception: a device that ignores
 * the reset is lost, and keeps what it has.  With a reason the device is started
 * again later.
 *
 * Context: process, may sleep.
 */
void br_reset(struct br_device *dev, const char *why);

/**
 * br_queue_work() - queue a work item unless the device is on its way out
 * @dev:   the device
 * @work:  the item
 * @delay: jiffies; an item that waits for longer is hurried, none is put off
 *
 * Context: any.
 */
void br_queue_work(struct br_device *dev, struct delayed_work *work,
		   unsigned long delay);

/* Parameters: main.c */
unsigned int br_floor_mb(void);
unsigned int br_oom_mb(void);
unsigned int br_host_timeout_ms(void);

/* Further parts */
extern const struct attribute_group *br_groups[];	/* sysfs.c */
void br_oom_init(struct br_device *dev);		/* oom.c */
int br_oom_start(struct br_device *dev);
void br_oom_stop(struct br_device *dev);
/* Jiffies until the end of the rest after an OOM deflation, 0: there is none. */
unsigned long br_oom_rest(const struct br_device *dev);
void br_sleep_init(struct br_device *dev);		/* sleep.c */
int br_sleep_start(struct br_device *dev);
void br_sleep_stop(struct br_device *dev);
int br_migrate_start(struct br_device *dev);		/* migrate.c */
void br_migrate_stop(struct br_device *dev);
void br_report_init(struct br_device *dev);		/* report.c */
void br_report_start(struct br_device *dev);
void br_report_stop(struct br_device *dev);
/* The chains that are out are lost.  The state is BR_LOST.  Context: process. */
void br_report_lose(struct br_device *dev);

/*
 * Tell mm_hooks which pages a lost device may use, so that their memory is not taken
 * offline.  Context: process, its queues dropped: nothing changes the lists.
 */
void br_lose_pages(struct br_device *dev);		/* lost.c */

#endif /* BALLOON_REPORT_H */
