/* SPDX-License-Identifier: GPL-2.0-only */
/* Clear the kernel's reported flag of free blocks.  Both engines set it. */
#ifndef MMH_FORGET_H
#define MMH_FORGET_H

/**
 * mmh_forget_note() - blocks down to an order may get the flag from now on
 * @order: the order
 *
 * Context: any; comes before the flag.
 */
void mmh_forget_note(unsigned int order);

/**
 * mmh_forget_blocks() - clear the flag of every free block
 *
 * Down to the lowest order that was ever noted, a pageblock's at the most.  In sections
 * of zone->lock, interrupts off, that do not grow with the zone.  A block in flight is
 * not there.
 *
 * Context: process, may sleep.
 */
void mmh_forget_blocks(void);

#endif /* MMH_FORGET_H */
