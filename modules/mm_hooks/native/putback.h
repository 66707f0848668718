/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Completed reports: first the map learns the result, then the blocks are put back.  Small
 * blocks get the kernel's reported flag instead.
 */
#ifndef MMH_PUTBACK_H
#define MMH_PUTBACK_H

struct mmh_inflight;

/**
 * mmh_inflight_putback() - put the blocks of a report back
 * @f: the entry, with the status of its report
 *
 * Context: the pass, may sleep.
 */
void mmh_inflight_putback(struct mmh_inflight *f);

#endif /* MMH_PUTBACK_H */
