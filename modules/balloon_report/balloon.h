/* SPDX-License-Identifier: GPL-2.0-only */
/* The balloon: pages that the host has. */
#ifndef BALLOON_REPORT_BALLOON_H
#define BALLOON_REPORT_BALLOON_H

#include <linux/types.h>

struct br_device;

/**
 * br_balloon_inflate() - give the host pages
 * @dev: the device
 * @n:	 how many are wanted; one chunk at the most is given at a time
 *
 * Takes the pages of the next chunk beforehand: br_balloon_inflate_end() has to
 * follow.
 *
 * Context: size_work, may sleep.
 * Return: pages given, -ENOMEM when not one could be had, -EBUSY while an
 * earlier chunk is still with the host, -EIO, -ETIMEDOUT.
 */
int br_balloon_inflate(struct br_device *dev, unsigned int n);

/* Free what br_balloon_inflate() has taken beforehand.  Context: size_work. */
void br_balloon_inflate_end(struct br_device *dev);

/**
 * br_balloon_deflate() - take pages back
 * @dev: the device
 * @n:	 how many; one chunk at the most
 *
 * Context: process, may sleep; balloon_lock held, so that an out-of-memory
 * notifier can try for it.
 * Return: pages taken, 0 when none is there (compaction may hold some for a
 * moment), -EBUSY, -EIO, -ETIMEDOUT.
 */
int br_balloon_deflate(struct br_device *dev, unsigned int n);

/**
 * br_balloon_deflate_by() - take pages back before a deadline
 * @dev:   the device
 * @n:	   how many; one chunk at the most
 * @until: jiffies after which the host is not waited for any longer
 *
 * br_balloon_deflate() waits for as long as the parameter host_timeout_ms says.
 *
 * Context: as with br_balloon_deflate().
 * Return: as with br_balloon_deflate().
 */
int br_balloon_deflate_by(struct br_device *dev, unsigned int n,
			  unsigned long until);

/* Can pages be had, now or when somebody is done?  Context: any. */
bool br_balloon_has_pages(struct br_device *dev);

/* Finish chunks that nobody has waited for.  Context: process, may sleep. */
void br_balloon_reap(struct br_device *dev);

/**
 * br_balloon_empty() - take everything back at the end
 * @dev: the device, BR_STOPPING: the host is told; BR_DEAD: it is not
 *
 * In BR_STOPPING it ends with the host's last second; in BR_DEAD nothing is left
 * afterwards.  Context: process, may sleep.
 */
void br_balloon_empty(struct br_device *dev);

/*
 * Take the pages of a lost device's balloon out of the kernel's list, for ever.  They
 * do not move any more.  Context: process, may sleep.
 */
void br_balloon_lose(struct br_device *dev);

/* Pages that the host has not acknowledged and nobody waits for. */
unsigned int br_balloon_quarantined(struct br_device *dev);

#endif /* BALLOON_REPORT_BALLOON_H */
