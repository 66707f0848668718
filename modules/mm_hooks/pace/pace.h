/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * When a reporting pass runs: the decision, without kernel state.
 *
 * All sizes are bytes.  All times are milliseconds of a monotonic clock.
 *
 * A request says that memory is unreported.  A check decides whether a pass runs.  A
 * check is idle if the unreported memory would last for PACE_HORIZON_MS at the rate at
 * which memory was used since the last sample.
 */
#ifndef MMH_PACE_H
#define MMH_PACE_H

#include <linux/bits.h>
#include <linux/types.h>

/* Wait between two passes while the last one found something to report. */
#define PACE_GAP_MS 10
/* A request that follows the last report this closely is for what it left. */
#define PACE_MORE_MS 50
/* Free memory that will be used sooner than this is not worth reporting. */
#define PACE_HORIZON_MS 10000
/* Every guest uses up to this many bytes in this time. */
#define PACE_NOISE BIT_ULL(20)
#define PACE_NOISE_MS 100ULL
/* Pcplists whose size is allocated within this time are in use. */
#define PACE_PCP_MS 2000
/* For this long one idle check is enough for what an idle pass left. */
#define PACE_IDLE_MS 5000
/* Longest deferral of a request at level 0: the delay of mm/page_reporting.c. */
#define PACE_DEFER_MS 2000
/* Highest level: deferrals of 16 s, eight idle checks before a pass. */
#define PACE_LEVEL_MAX 3
/* The level falls by one after this long without a mistake. */
#define PACE_FORGIVE_MS 10000
/* Half-life of reports and mistakes. */
#define PACE_WINDOW_MS 5000
/* Fewer reused bytes are noise. */
#define PACE_MISTAKE_MIN (4ULL << 20)
/* Discarded pages are trusted while less than this part of them can be in use. */
#define PACE_TRUST_SHARE 16
/* Reports are too early if this part of them is reused. */
#define PACE_MISTAKE_SHARE 8
/* First wait after a failed report, and the longest. */
#define PACE_RETRY_MS 1000
#define PACE_RETRY_MAX_MS 32000

/**
 * struct mmh_pace_memory - free memory and allocations
 * @free:      what a pass can report
 * @pcp:       in the pcplists, which allocations empty first
 * @allocated: all allocations since boot; 0 where the kernel does not count them
 */
struct mmh_pace_memory {
	u64 free;
	u64 pcp;
	u64 allocated;
};

/**
 * struct mmh_pace - what was observed so far
 * @lowest:	   least free memory since the last sample, pcplists included
 * @highest:	   most free memory since then
 * @pcp:	   in the pcplists at the last sample
 * @allocated:	   all allocations until the last sample
 * @sample_ms:	   time of the last sample
 * @reported_free: free memory that was reported and not used since, an estimate
 * @small_free:    part of @reported_free that was reported in small blocks, at most
 * @reused:	   total of reported memory that was used again
 * @reported_ms:   time of the last completed report
 * @window:	   bytes reported lately
 * @mistakes:	   part of @window that was reused
 * @window_ms:	   when @window and @mistakes were last halved
 * @level_ms:	   when @level last changed
 * @since_ms:	   when the deferral of a request began
 * @run_bytes:	   reported since the last pass started
 * @level:	   how far reporting has backed off, 0 to PACE_LEVEL_MAX
 * @idle:	   idle checks in a row
 * @need:	   idle checks needed
 * @failures:	   passes with failed reports in a row
 * @deferred:	   deferral of the last pass if it started in a busy guest, else 0
 * @waiting:	   a request is deferred
 * @busy:	   a check was not idle in that time
 * @failing:	   a report has failed since the last pass started
 * @goes_on:	   the request is for what a pass left that was not idle itself
 * @was_idle:	   the last pass started because of idle checks
 * @idle_reused:   @reused at that time
 * @idle_ms:	   that time
 */
struct mmh_pace {
	u64 lowest;
	u64 highest;
	u64 pcp;
	u64 allocated;
	u64 sample_ms;
	u64 reported_free;
	u64 small_free;
	u64 reused;
	u64 reported_ms;
	u64 window;
	u64 mistakes;
	u64 window_ms;
	u64 level_ms;
	u64 since_ms;
	u64 run_bytes;
	u64 idle_reused;
	u64 idle_ms;
	unsigned int level;
	unsigned int idle;
	unsigned int need;
	unsigned int failures;
	unsigned int deferred;
	bool waiting;
	bool busy;
	bool failing;
	bool goes_on;
	bool was_idle;
};

/**
 * mmh_pace_init() - begin without a history
 * @p:   what to fill
 * @now: the time
 * @m:   free memory, all of it unreported
 */
void mmh_pace_init(struct mmh_pace *p, u64 now, const struct mmh_pace_memory *m);

/**
 * mmh_pace_request() - memory is unreported
 * @p:     what was observed so far
 * @delay: delay_ms
 * @now:   the time
 * @m:     free memory
 *
 * For PACE_IDLE_MS after an idle pass, one idle check is enough if little of what was
 * reported has been reused: the request is for the rest of what became free then.
 *
 * A deferral begins with the first request.  After a pass that was deferred itself it
 * is half over.  A request during a deferral keeps the minimum and the maximum of free
 * memory since the last check.
 *
 * Return: milliseconds until mmh_pace_check().
 */
unsigned int mmh_pace_request(struct mmh_pace *p, unsigned int delay, u64 now,
			      const struct mmh_pace_memory *m);

/**
 * mmh_pace_check() - does a pass start?
 * @p:     what was observed so far
 * @delay: delay_ms
 * @now:   the time
 * @m:     free memory
 *
 * It does after as many idle checks in a row as the level asks for, or at the end of
 * the deferral.  In an idle check:
 *
 * - The unreported memory would last for PACE_HORIZON_MS at the rate at which free
 *   memory, pcplists included, fell since the last sample.
 * - It would last for twice the delay at the rate of allocations since then.  So most
 *   of it cannot have been used and freed within the delay.
 *
 * A rate of PACE_NOISE in PACE_NOISE_MS counts as none.  A check that finds most of the
 * memory freed since the last sample neither counts nor ends the row.
 *
 * Return: 0 to start, or milliseconds until the next check.
 */
unsigned int mmh_pace_check(struct mmh_pace *p, unsigned int delay, u64 now,
			    const struct mmh_pace_memory *m);

/**
 * mmh_pace_run() - a pass starts without a check
 * @p: what was observed so far
 */
void mmh_pace_run(struct mmh_pace *p);

/**
 * mmh_pace_reported() - a report is completed
 * @p:     what was observed so far
 * @now:   the time
 * @free:  what a pass can report, with the isolated blocks
 * @bytes: size of the report
 * @small: it has blocks below report_order
 *
 * A small block that was reported may be reported again unused: when it merges with
 * another, or is split, the kernel forgets that it was.  So what seems to be reused may
 * have been reported twice, up to @small_free.
 *
 * Judges whether earlier reports were too early.  This takes no sample, so the pcplists
 * are not added up for each report.
 */
void mmh_pace_reported(struct mmh_pace *p, u64 now, u64 free, u64 bytes,
		       bool small);

/**
 * mmh_pace_mark_unreported() - free memory does not count as reported any more
 * @p:     what was observed so far
 * @bytes: how much
 *
 * It was not reused, so this is no mistake.  Example: pages that a driver has returned
 * pass through the pcplists, where they count neither as free nor as used.
 */
void mmh_pace_mark_unreported(struct mmh_pace *p, u64 bytes);

/**
 * mmh_pace_discarded() - a pass found free memory that the host has discarded already
 * @p:     what was observed so far
 * @now:   the time
 * @bytes: how much
 *
 * It counts as reported from now on, but not as a report that can be too early.
 */
void mmh_pace_discarded(struct mmh_pace *p, u64 now, u64 bytes);

/**
 * mmh_pace_trusts_discarded() - are pages that a driver has returned still discarded?
 * @discarded: bytes that were returned as discarded
 * @used:      bytes that the guest has allocated since the first of them
 *
 * At most @used of them can have been written to and freed.  Fewer than
 * PACE_MISTAKE_MIN, or one part in PACE_TRUST_SHARE, is worth the reports saved.
 *
 * Return: whether it is so few.
 */
bool mmh_pace_trusts_discarded(u64 discarded, u64 used);

/**
 * mmh_pace_failed() - a report has failed and its blocks are unreported
 * @p:   what was observed so far
 * @now: the time
 * @m:   free memory, with the isolated blocks
 *
 * Takes a sample: the rates before the pass say nothing about the next try.
 *
 * Return: milliseconds until the next try, doubled if the pass before failed, too.
 */
unsigned int mmh_pace_failed(struct mmh_pace *p, u64 now, const struct mmh_pace_memory *m);

/**
 * mmh_pace_observe() - free memory now, between two samples
 * @p:	 the state
 * @now: time
 * @m:	 free memory
 *
 * What was used and is free again at the next sample would be missed.
 *
 * Return: free memory that is not reported.
 */
u64 mmh_pace_observe(struct mmh_pace *p, u64 now, const struct mmh_pace_memory *m);

/**
 * mmh_pace_pcp_is_idle() - are the pcplists idle?
 * @allocated: bytes allocated in the last @ms
 * @ms:	       milliseconds
 * @listed:    bytes in the pcplists
 *
 * A workload that allocates from the pcplists and frees to them does not change free
 * memory.  Only the allocations tell.
 *
 * Return: whether @listed would last for PACE_PCP_MS at that rate, or the rate is noise.
 */
bool mmh_pace_pcp_is_idle(u64 allocated, u64 ms, u64 listed);

#endif /* MMH_PACE_H */
