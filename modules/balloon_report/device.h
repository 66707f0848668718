/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A balloon device: bring-up, tear-down and restart.
 *
 * All sizes are in balloon pages of 4 KiB, which is the page size of the only
 * architecture that this driver supports.
 */
#ifndef BALLOON_REPORT_DEVICE_H
#define BALLOON_REPORT_DEVICE_H

#include <linux/mutex.h>
#include <linux/notifier.h>
#include <linux/spinlock.h>
#include <linux/types.h>
#include <linux/workqueue.h>

#include "balloon.h"
#include "counters.h"
#include "features.h"
#include "hint.h"
#include "oom.h"
#include "queue.h"
#include "report.h"
#include "reserve.h"
#include "size.h"
#include "stats.h"
#include "virtio.h"
#include "work.h"

/**
 * enum br_state - state of a device
 * @BR_DOWN:	 no queues are set up, no buffer may be sent
 * @BR_LIVE:	 DRIVER_OK
 * @BR_STOPPING: no work is queued, the device has a second to complete its buffers
 * @BR_DEAD:	 reset: the device cannot access the memory of the guest any more
 * @BR_LOST:	 a reset was ignored: the device may access all buffers for good
 */
enum br_state { BR_DOWN, BR_LIVE, BR_STOPPING, BR_DEAD, BR_LOST };

/**
 * struct br_device - one balloon device
 * @vdev:	  the virtio device
 * @plan:	  features and queues that were negotiated
 * @q:		  the queues
 * @state:	  see br_state_set()
 * @suspending:	  from the first notice of suspend until resume
 * @stop_by:	  jiffies when the device's last second ends, in BR_STOPPING or
 *		  @suspending
 * @reset_lock:	  serialises resets; taken under @start_lock and balloon.lock
 * @work_lock:	  covers @state, @no_restart and the queueing of work; interrupts off
 * @start_lock:	  serialises bring-up and tear-down; covers @up, @up_since and
 *		  @failures
 * @up:		  the queues are set up
 * @up_since:	  jiffies of the last bring-up
 * @failures:	  failures in a row
 * @no_restart:	  the driver is being unbound or the system reboots (@work_lock)
 * @restart_work: checks for a fault, resets, tears down and brings up again
 * @reboot:	  called before the kernel resets all devices
 * @lost_pages:	  pages that a lost device keeps
 * @balloon:	  the balloon
 * @size:	  the size worker
 * @reserve:	  memory that inflation leaves to the guest
 * @oom:	  OOM notifications
 * @pm:		  called before suspend and after resume
 * @wakeup:	  wakeup events
 * @stats:	  memory statistics
 * @hint:	  free page hinting
 * @reporting:	  free page reporting
 * @counters:	  see sysfs
 */
struct br_device {
	struct virtio_device *vdev;
	struct br_plan plan;
	struct br_queue q[BR_Q_MAX];

	enum br_state state;
	bool suspending;
	unsigned long stop_by;
	struct mutex reset_lock;	/* see above */
	spinlock_t work_lock;		/* see above */

	struct mutex start_lock;	/* see above */
	bool up;
	unsigned long up_since;
	unsigned int failures;
	bool no_restart;
	struct delayed_work restart_work;
	struct notifier_block reboot;
	unsigned long lost_pages;

	struct br_balloon balloon;
	struct br_size size;
	struct br_reserve reserve;
	struct br_oom oom;
	struct notifier_block pm;
	struct br_wakeup wakeup;
	struct br_stats stats;
	struct br_hint hint;
	struct br_reporting reporting;
	struct br_counters counters;
};

static inline enum br_state br_state(const struct br_device *dev)
{
	return READ_ONCE(dev->state);
}

/* Context: process.  Return: a device that is down, or NULL without memory. */
struct br_device *br_device_alloc(struct virtio_device *vdev);

/* Free a device that br_device_stop() has stopped.  Context: process. */
void br_device_free(struct br_device *dev);

/**
 * br_device_start() - bring a device up
 * @dev: a device that is down, with its plan
 *
 * Context: process, may sleep.
 * Return: 0, or a negative errno and the device is down.
 */
int br_device_start(struct br_device *dev);

/* Follow a change of the configuration space.  Context: any. */
void br_device_config_changed(struct br_device *dev);

/**
 * br_device_stop() - tear a device down for good
 * @dev: a device that is live, dead or lost
 *
 * Lasts a few seconds at most.  Exception: with MUST_TELL_HOST it lasts as long as
 * the device keeps using buffers.
 *
 * Context: process, may sleep.
 */
void br_device_stop(struct br_device *dev);

#endif /* BALLOON_REPORT_DEVICE_H */
