/* SPDX-License-Identifier: GPL-2.0-only */
/* Make every free block unreported. */
#ifndef MM_HOOKS_FORGET_H
#define MM_HOOKS_FORGET_H

/**
 * mm_hooks_forget_blocks() - clear the reported flag of every free block
 *
 * One section of zone->lock, interrupts off, for each free list.
 *
 * Context: process, may sleep; not while a pass runs.
 */
void mm_hooks_forget_blocks(void);

#endif /* MM_HOOKS_FORGET_H */
