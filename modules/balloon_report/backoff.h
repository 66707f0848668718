/* SPDX-License-Identifier: GPL-2.0-only */
/* How long to wait after failures: decisions only. */
#ifndef BALLOON_REPORT_BACKOFF_H
#define BALLOON_REPORT_BACKOFF_H

#include <linux/types.h>

#include "chunk.h"

/* The shortest and the longest wait after a failure. */
#define BR_BACKOFF_MS 200
#define BR_BACKOFF_MAX_MS 30000

/* From so many failures in a row on the wait is the longest. */
#define BR_FAILURES_MAX 16U

/* Pages that are progress of a run with reclaim: the noise of a guest is less. */
#define BR_RECLAIM_PROGRESS (4UL * BR_CHUNK_PAGES)
/* Progress is also one page for so many of the reserve, which each such run allocates. */
#define BR_RECLAIM_SHARE 16
/* The second run that yields less counts as so many failures: reclaim is expensive. */
#define BR_RECLAIM_FAILURES 6U

/**
 * struct br_run - a run of the size worker, a number of steps
 * @ret:      the result of the last step: pages, 0 at the target, or a negative errno
 * @pages:    pages of all steps
 * @reclaims: the run made the guest reclaim
 * @reserve:  pages of the reserve that such a run allocates
 */
struct br_run {
	int ret;
	unsigned int pages;
	bool reclaims;
	unsigned long reserve;
};

/**
 * br_size_failures() - count failures of the size worker in a row
 * @before: failures before this run; 0 after a new target
 * @run:    the run
 *
 * Progress and the target end the row.  Progress is a chunk, or, with reclaim,
 * %BR_RECLAIM_PROGRESS pages and a page for %BR_RECLAIM_SHARE of the reserve.
 * The wait after the second run that reclaims without progress is long.  The wait after
 * the first one is not, as reclaim may only have begun to write pages to swap.
 *
 * Return: failures in a row, %BR_FAILURES_MAX at most.
 */
unsigned int br_size_failures(unsigned int before, const struct br_run *run);

/**
 * br_restart_failures() - count failures of a device in a row
 * @before: failures before this one
 * @up_ms:  milliseconds for which the device was live
 *
 * A device that was live for as long as the longest wait begins a new row.
 *
 * Return: failures in a row, this one included.
 */
unsigned int br_restart_failures(unsigned int before, unsigned int up_ms);

/**
 * br_backoff_ms() - compute the wait after a failure
 * @failures: failures in a row, 1 or more
 *
 * Return: milliseconds.
 */
unsigned int br_backoff_ms(unsigned int failures);

#endif /* BALLOON_REPORT_BACKOFF_H */
