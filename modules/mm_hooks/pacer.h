/* SPDX-License-Identifier: GPL-2.0-only */
/* The pacer: lets reporting passes go when pace.c says so. */
#ifndef MM_HOOKS_PACER_H
#define MM_HOOKS_PACER_H

#include <linux/types.h>

/**
 * mm_hooks_pacer_start() - begin to pace
 * @go:	     lets a pass go; called under a spinlock, interrupts off
 * @estimate: count what seems to be taken into use again after a report, for an
 *	     engine that does not know
 *
 * Context: process, may sleep.
 */
void mm_hooks_pacer_start(void (*go)(void), bool estimate);

/**
 * mm_hooks_pacer_stop() - go() is not called any more
 *
 * Context: process, may sleep.
 */
void mm_hooks_pacer_stop(void);

/**
 * mm_hooks_pacer_request() - memory has become free, or is left of a pass
 * @least_ms: milliseconds for which a pass would find nothing
 *
 * Never puts a check off that is due earlier.  Nothing happens while stopped.
 *
 * Context: any but NMI.
 */
void mm_hooks_pacer_request(unsigned int least_ms);

/**
 * mm_hooks_pacer_take_over() - request a pass that waits somewhere else
 * @take: takes it from there, unless it is on its way already; called with passes
 *	  held off, under a spinlock, interrupts off.  Return: was it taken?
 *
 * Context: any but NMI.
 */
void mm_hooks_pacer_take_over(bool (*take)(void));

/**
 * mm_hooks_pacer_hurry() - delay_ms was changed: what waits for it follows
 *
 * Context: any but NMI.
 */
void mm_hooks_pacer_hurry(void);

/**
 * mm_hooks_pacer_run() - a pass, now
 *
 * Context: process, may sleep.
 */
void mm_hooks_pacer_run(void);

/**
 * mm_hooks_pacer_out() - blocks have left the free lists or are back there
 * @bytes: their size, negative when they are back
 *
 * What is out counts as free: it is not in use.
 *
 * Context: any.
 */
void mm_hooks_pacer_out(s64 bytes);

/**
 * mm_hooks_pacer_taken() - a driver has allocated pages for the host
 * @bytes: their size
 *
 * They count as free, and the allocation as none.
 *
 * Context: any.
 */
void mm_hooks_pacer_taken(u64 bytes);

/**
 * mm_hooks_pacer_returned() - a driver is about to free such pages
 * @bytes: their size
 *
 * They count as unreported until mm_hooks_pacer_discarded().
 *
 * Context: any.
 */
void mm_hooks_pacer_returned(u64 bytes);

/**
 * mm_hooks_pacer_discarded() - free blocks need no report, the host has discarded them
 * @bytes: their size
 *
 * Context: process.
 */
void mm_hooks_pacer_discarded(u64 bytes);

/**
 * mm_hooks_pacer_used() - what the guest has allocated or migrated, drivers left out
 *
 * Context: process, may sleep.
 * Return: bytes since the machine was started.
 */
u64 mm_hooks_pacer_used(void);

/**
 * mm_hooks_pacer_reported() - blocks were reported, and are out still
 * @bytes: their size
 * @err:   0 or a negative errno
 *
 * Context: process.
 */
void mm_hooks_pacer_reported(u64 bytes, int err);

/**
 * mm_hooks_pacer_forget() - nothing counts as reported any more
 *
 * Context: process, may sleep.
 */
void mm_hooks_pacer_forget(void);

/**
 * mm_hooks_pacer_unknown() - reported memory was written to, and is free again
 * @bytes: how much
 *
 * It is unreported, and nobody has taken it.  Context: any but NMI.
 */
void mm_hooks_pacer_unknown(u64 bytes);

/* Does something wait to be reported? */
bool mm_hooks_pacer_is_waiting(void);

/* Was the last pass let go because the guest is calm, and not for another reason? */
bool mm_hooks_pacer_was_calm(void);

/* For how long a pass is held in a busy guest, if the last one was; 0 if it was not. */
unsigned int mm_hooks_pacer_held_ms(void);

/**
 * mm_hooks_pacer_listed() - pages in the lists of the processors
 *
 * Adds them up, unless a decision has just done so.
 *
 * Context: process, may sleep.
 * Return: pages.
 */
unsigned long mm_hooks_pacer_listed(void);

/**
 * mm_hooks_pacer_lists_rest() - is nobody using what the processors' lists hold?
 * @pages: how much that is, of the lists that are to be emptied
 *
 * Since the checks are calm, or, asked once more, since it was asked in vain: as it is
 * behind a pass that had to be held, since whose last check hardly any time has passed.
 *
 * Context: process, may sleep.
 * Return: whether they can be emptied.
 */
bool mm_hooks_pacer_lists_rest(unsigned long pages);

/* How far reporting has backed off, and what the host is believed not to hold. */
unsigned int mm_hooks_pacer_level(void);
u64 mm_hooks_pacer_known(void);

#endif /* MM_HOOKS_PACER_H */
