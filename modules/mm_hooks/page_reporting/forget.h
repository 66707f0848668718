/* SPDX-License-Identifier: GPL-2.0-only */
/* Make every free block unreported. */
#ifndef MMH_FORGET_H
#define MMH_FORGET_H

/**
 * mmh_forget_blocks() - clear the reported flag of every free block
 * @lowest: lowest order that was ever reported; a pageblock's at the most
 *
 * In sections of zone->lock, interrupts off, that do not grow with the zone.  A
 * block in flight is not there.
 *
 * Context: process, may sleep.
 */
void mmh_forget_blocks(unsigned int lowest);

#endif /* MMH_FORGET_H */
