/* SPDX-License-Identifier: GPL-2.0-only */
/* What the size worker does next, and when it tries again: decisions only. */
#ifndef BALLOON_REPORT_TARGET_H
#define BALLOON_REPORT_TARGET_H

#include <linux/types.h>

/* Waits after inflation found no memory: the first and the longest. */
#define BR_BACKOFF_MS 200
#define BR_BACKOFF_MAX_MS 30000

/* So many failures in a row wait for the longest time. */
#define BR_FAILURES_MAX 16U

/*
 * A guest with floor_mb=0 has to live, too.  The floor is this share of its
 * memory at least, within these bounds in pages.
 */
#define BR_FLOOR_SHARE 128
#define BR_FLOOR_LEAST 2048ULL
#define BR_FLOOR_ENOUGH 16384ULL

/**
 * enum br_step - what the size worker does next
 * @BR_STEP_NONE:    nothing, the balloon has its size
 * @BR_STEP_DEFLATE: take pages back
 * @BR_STEP_INFLATE: give pages from what is above the floor
 * @BR_STEP_SQUEEZE: give pages that the guest has to reclaim first
 * @BR_STEP_REST:    nothing until the rest after an OOM deflation is over
 * @BR_STEP_STUCK:   nothing, the floor is out of reach
 */
enum br_step {
	BR_STEP_NONE,
	BR_STEP_DEFLATE,
	BR_STEP_INFLATE,
	BR_STEP_SQUEEZE,
	BR_STEP_REST,
	BR_STEP_STUCK,
};

/**
 * struct br_sizing - what a step depends on, in pages
 * @asked:     the size that the host asks for
 * @held:      in the balloon
 * @most:      the size that a rest after an OOM deflation allows; U32_MAX
 *	       without a rest
 * @available: what the guest could use without swapping
 * @floor:     what of it the guest keeps
 * @total:     the guest's memory, the balloon included
 * @inflate:   may memory be given away at all?
 */
struct br_sizing {
	unsigned int asked;
	unsigned int held;
	unsigned int most;
	u64 available;
	u64 floor;
	u64 total;
	bool inflate;
};

/**
 * struct br_next - a step
 * @step:  what to do
 * @pages: with how many pages at most
 */
struct br_next {
	enum br_step step;
	unsigned int pages;
};

/**
 * br_next_step() - decide what the size worker does
 * @s: what it depends on
 *
 * What is held already stays: running low is what deflation on OOM is for.
 *
 * Return: the step.
 */
struct br_next br_next_step(const struct br_sizing *s);

/**
 * br_floor_pages() - how much inflation leaves to the guest
 * @floor: pages of floor_mb
 * @total: the guest's memory in pages, the balloon included
 *
 * Return: pages.
 */
u64 br_floor_pages(u64 floor, u64 total);

/* Pages that a squeeze has to yield to end a backoff: the noise of a guest is less. */
#define BR_SQUEEZE_WORTH (4 * BR_CHUNK_PAGES)
/* The second one that yields less counts as so many failures: it costs the guest much. */
#define BR_SQUEEZE_FAILURES 6U

/**
 * struct br_yield - what a run of the size worker has squeezed out of the guest
 * @tried: it has squeezed
 * @pages: how many pages that gave
 */
struct br_yield {
	bool tried;
	unsigned int pages;
};

/**
 * br_failures() - count failures in a row
 * @before: failures before this step; 0 after a new target
 * @ret:    what the step returned: pages, 0 at the target, or an error
 * @yield:  what this run has squeezed out of the guest, this step's pages included
 *
 * A full chunk and the target end the row.  A few pages do not, and neither does a
 * squeeze that yields less than %BR_SQUEEZE_WORTH.  Behind the second one of those the
 * wait is long: the first one may have come before reclaim had anything ready.
 *
 * Return: failures in a row, %BR_FAILURES_MAX at most.
 */
unsigned int br_failures(unsigned int before, int ret,
			 const struct br_yield *yield);

/**
 * br_backoff_ms() - how long to wait after a failure
 * @failures: failures in a row, 1 or more
 *
 * Return: milliseconds.
 */
unsigned int br_backoff_ms(unsigned int failures);

#endif /* BALLOON_REPORT_TARGET_H */
