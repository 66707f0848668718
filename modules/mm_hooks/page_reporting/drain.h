/* SPDX-License-Identifier: GPL-2.0-only */
/* Drain the pcplists on a kernel without the companion patch. */
#ifndef MMH_DRAIN_H
#define MMH_DRAIN_H

#include <linux/types.h>

/**
 * mmh_drain_start() - from now on mmh_drain_soon() may be called
 *
 * Context: process, may sleep.
 * Return: 0 or a negative errno.
 */
int mmh_drain_start(void);

/**
 * mmh_drain_stop() - end all drains
 *
 * After the return nothing of this runs.  Context: process, may sleep.
 */
void mmh_drain_stop(void);

/**
 * mmh_drain_soon() - drain the pcplists when reports have ceased
 *
 * delay_ms after the last call, once a second at the most and ever less often
 * while they fill up again, and only if they hold mmh_pcp_drain_threshold() by then and
 * they are idle.  Context: any.
 */
void mmh_drain_soon(void);

/**
 * mmh_drain_flush() - drain the pcplists now
 *
 * Less than 1 MiB in a zone is left alone: a drain moves more than that itself.
 * Returns at once; mmh_drain_is_due() tells when it is done.  Context: any.
 */
void mmh_drain_flush(void);

/**
 * mmh_drain_is_due() - mmh_work_is_due() for a drain
 *
 * Context: any.
 * Return: whether it is.
 */
bool mmh_drain_is_due(void);

#endif /* MMH_DRAIN_H */
