/* SPDX-License-Identifier: GPL-2.0-only */
/* Make every free block unreported. */
#ifndef MM_HOOKS_FORGET_H
#define MM_HOOKS_FORGET_H

/**
 * mm_hooks_forget_blocks() - clear the reported flag of every free block
 * @lowest: lowest order that was ever reported; a pageblock's at the most
 *
 * In sections of zone->lock, interrupts off, that do not grow with the zone.  A
 * block that is out at the time is not there.
 *
 * Context: process, may sleep.
 */
void mm_hooks_forget_blocks(unsigned int lowest);

#endif /* MM_HOOKS_FORGET_H */
