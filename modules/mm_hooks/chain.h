/* SPDX-License-Identifier: GPL-2.0-only */
/* A chain on its way to the host and back, one after the other. */
#ifndef MM_HOOKS_CHAIN_H
#define MM_HOOKS_CHAIN_H

#include <linux/types.h>

struct mm_hooks_reporter;
struct scatterlist;

/**
 * mm_hooks_chain_report() - report blocks and wait for the host
 * @rep:     the reporter
 * @sg:      the blocks; the table is only read
 * @nents:   how many of them
 * @stop_by: jiffies after which the reporter is told to abort, or 0 for never;
 *	may change while this waits
 *
 * Cuts the blocks into chains of the reporter's capacity.  The wait has no end
 * of its own: until the host has acknowledged a block, or can no longer reach
 * it, nobody may have it.
 *
 * Context: process, may sleep, one caller at a time.
 * Return: 0 when the host has acknowledged all of them, else the first error.
 */
int mm_hooks_chain_report(struct mm_hooks_reporter *rep, struct scatterlist *sg,
			  unsigned int nents, const unsigned long *stop_by);

#endif /* MM_HOOKS_CHAIN_H */
