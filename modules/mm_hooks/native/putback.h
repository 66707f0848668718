/* SPDX-License-Identifier: GPL-2.0-only */
/* A flight that has landed: into the map, then into the allocator. */
#ifndef MM_HOOKS_PUTBACK_H
#define MM_HOOKS_PUTBACK_H

struct flight;

/**
 * flight_putback() - put the blocks of a flight back
 * @f: the flight, with the status of the host
 *
 * Context: the pass, may sleep.
 */
void flight_putback(struct flight *f);

#endif /* MM_HOOKS_PUTBACK_H */
