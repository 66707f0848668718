/* SPDX-License-Identifier: GPL-2.0-only */
/* The pacer: lets the kernel's reporting passes go when pace.c says so. */
#ifndef MM_HOOKS_PACER_H
#define MM_HOOKS_PACER_H

#include <linux/types.h>

struct delayed_work;

/**
 * mm_hooks_pacer_start() - take charge of a delayed_work
 * @work: runs a pass; the kernel queues it with a delay of its own
 *
 * Context: process.  Before anybody can queue @work.
 * Return: 0, or -ENOENT where the kernel does not let us see it being queued:
 * then it keeps the kernel's delay.
 */
int mm_hooks_pacer_start(struct delayed_work *work);

/**
 * mm_hooks_pacer_stop() - leave it to itself again
 *
 * After the return the pacer queues nothing more.  Context: process, may sleep.
 */
void mm_hooks_pacer_stop(void);

/**
 * mm_hooks_pacer_run() - a pass, now
 * @work: as given to mm_hooks_pacer_start(), whether that succeeded or not
 *
 * Context: any.
 */
void mm_hooks_pacer_run(struct delayed_work *work);

/**
 * mm_hooks_pacer_reported() - blocks were reported
 * @bytes: their size; they are still off the free lists
 * @err:   0 or a negative errno
 *
 * Context: process.
 */
void mm_hooks_pacer_reported(u64 bytes, int err);

/**
 * mm_hooks_pacer_forget() - nothing counts as reported any more
 *
 * Context: any.
 */
void mm_hooks_pacer_forget(void);

/* How far reporting has backed off, and what the host is believed not to hold. */
unsigned int mm_hooks_pacer_level(void);
u64 mm_hooks_pacer_known(void);

#endif /* MM_HOOKS_PACER_H */
