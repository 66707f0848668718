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

/* Pages that reclaim must yield to be progress: the noise of a guest is less. */
#define BR_RECLAIM_PROGRESS (4 * BR_CHUNK_PAGES)
/* The second run that yields less counts as so many failures: reclaim is expensive. */
#define BR_RECLAIM_FAILURES 6U

/**
 * struct br_reclaim - what a run of the size worker has reclaimed
 * @tried: the run made the guest reclaim
 * @pages: pages that inflated by it
 */
struct br_reclaim {
	bool tried;
	unsigned int pages;
};

/**
 * br_size_failures() - count failures of the size worker in a row
 * @before:  failures before this step; 0 after a new target
 * @ret:     the result of the step: pages, 0 at the target, or a negative errno
 * @reclaim: what this run has reclaimed, the pages of this step included
 *
 * A full chunk and the target end the row.  Less than a chunk does not, and neither
 * does reclaim of less than %BR_RECLAIM_PROGRESS pages.  The wait after the second
 * such run is long.  The wait after the first one is not, as reclaim may only have
 * begun to write pages to swap.
 *
 * Return: failures in a row, %BR_FAILURES_MAX at most.
 */
unsigned int br_size_failures(unsigned int before, int ret,
			      const struct br_reclaim *reclaim);

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
