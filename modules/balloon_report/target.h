/* SPDX-License-Identifier: GPL-2.0-only */
/* How large the balloon may be, and when to try again: decisions only. */
#ifndef BALLOON_REPORT_TARGET_H
#define BALLOON_REPORT_TARGET_H

#include <linux/types.h>

/* Waits after inflation found no memory: the first and the longest. */
#define BR_BACKOFF_MS 200
#define BR_BACKOFF_MAX_MS 30000

/**
 * br_target() - how large the balloon should be
 * @asked:     pages that the host asks for
 * @held:      pages in the balloon
 * @available: pages that the guest could use without swapping
 * @floor:     pages of those that it keeps
 * @inflate:   may memory be given away at all?
 *
 * What is held already stays: running low is what deflation on OOM is for.
 *
 * Return: pages, @asked or fewer.
 */
unsigned int br_target(unsigned int asked, unsigned int held, u64 available,
		       u64 floor, bool inflate);

/**
 * br_backoff_ms() - how long to wait after a failure
 * @failures: failures in a row, 1 or more
 *
 * Return: milliseconds.
 */
unsigned int br_backoff_ms(unsigned int failures);

#endif /* BALLOON_REPORT_TARGET_H */
