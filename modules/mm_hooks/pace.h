/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * When to let a reporting pass run: the decision, without kernel state.
 *
 * All sizes are bytes, all times milliseconds of a clock that never runs back.
 */
#ifndef MM_HOOKS_PACE_H
#define MM_HOOKS_PACE_H

#include <linux/bits.h>
#include <linux/types.h>

/* Wait between two passes while the last one found something to report. */
#define PACE_GAP_MS 10
/* A request that follows the last report this closely is for what it left. */
#define PACE_MORE_MS 50
/* Free memory that will be used up sooner than this is not worth reporting. */
#define PACE_HORIZON_MS 10000
/* Fewer bytes taken in so many milliseconds, or less, are what any guest does. */
#define PACE_NOISE BIT_ULL(20)
#define PACE_NOISE_MS 100ULL
/* Lists of the processors that are allocated from end to end sooner are in use. */
#define PACE_LISTS_MS 2000
/* For so long one calm check is enough for what a calm pass left. */
#define PACE_CALM_MS 5000
/* Longest hold of a request at level 0, the delay of the kernel itself. */
#define PACE_HOLD_MS 2000
/* Highest level: holds of 16 s, eight calm checks before a pass. */
#define PACE_LEVEL_MAX 3
/* A level is forgiven after this long without a mistake. */
#define PACE_FORGIVE_MS 10000
/* Reports and mistakes are weighed with this half-life. */
#define PACE_WINDOW_MS 5000
/* Fewer bytes taken back are noise. */
#define PACE_MISTAKE_MIN (4ULL << 20)
/* One part in so many of what came back discarded may have been used since. */
#define PACE_TRUST_SHARE 16
/* One part in so many of what was reported, taken again, is too much. */
#define PACE_MISTAKE_SHARE 8
/* First wait after a failed report, and the longest. */
#define PACE_RETRY_MS 1000
#define PACE_RETRY_MAX_MS 32000

/**
 * struct pace_memory - free memory, and what it has gone through
 * @free:      what a pass can report
 * @lists:     in the lists of the processors, from where it is taken first
 * @allocated: in all since the machine was started, from these lists or not, freed
 *	       since or not; 0 where the kernel does not count it
 */
struct pace_memory {
	u64 free;
	u64 lists;
	u64 allocated;
};

/**
 * struct pace - what has been seen so far
 * @lowest:	least that was free, in lists or not, since the last sample
 * @highest:	most that was
 * @allocated:	what had been allocated in all when it was taken
 * @sample_ms:	when the last sample was taken
 * @known:	free memory that the host is believed not to hold
 * @retaken:	total that was taken into use after it had been reported
 * @reported_ms: when the host last acknowledged blocks
 * @window:	bytes reported lately
 * @mistakes:	part of @window that was taken again
 * @window_ms:	when @window and @mistakes were last halved
 * @level_ms:	when @level last changed
 * @since_ms:	when the hold of a request began
 * @run_bytes:	reported since the last pass was let go
 * @level:	how far reporting has backed off, 0 to PACE_LEVEL_MAX
 * @calm:	calm checks in a row
 * @need:	calm checks needed
 * @failures:	passes with failed reports in a row
 * @held:	the hold of the last pass, if that went though the guest was busy
 * @waiting:	a request is being held
 * @busy:	in that time a check was not calm
 * @failing:	a report has failed since the last pass was let go
 * @goes_on:	it is for what a pass left that was not calm itself
 * @was_calm:	the last pass went because of calm checks
 * @calm_retaken: @retaken at that time
 * @calm_ms:	when that was
 */
struct pace {
	u64 lowest;
	u64 highest;
	u64 allocated;
	u64 sample_ms;
	u64 known;
	u64 retaken;
	u64 reported_ms;
	u64 window;
	u64 mistakes;
	u64 window_ms;
	u64 level_ms;
	u64 since_ms;
	u64 run_bytes;
	u64 calm_retaken;
	u64 calm_ms;
	unsigned int level;
	unsigned int calm;
	unsigned int need;
	unsigned int failures;
	unsigned int held;
	bool waiting;
	bool busy;
	bool failing;
	bool goes_on;
	bool was_calm;
};

/**
 * pace_init() - start anew
 * @p:   what to fill
 * @now: the time
 * @m:   free memory, of which nothing counts as reported
 */
void pace_init(struct pace *p, u64 now, const struct pace_memory *m);

/**
 * pace_request() - memory has become free that was not reported yet
 * @p:     what has been seen so far
 * @delay: the delay asked for by the user
 * @now:   the time
 * @m:     free memory
 *
 * One calm check is enough for PACE_CALM_MS after a pass that went calm, if little
 * of what was reported has been taken since: this is the rest of what became free
 * then.  A hold begins with the first request; where the last pass had to be held, it
 * is half over, for what was too young then.  While one is held, others hide nothing of
 * what has happened since the last check.
 *
 * Return: milliseconds until pace_check() wants to be asked.
 */
unsigned int pace_request(struct pace *p, unsigned int delay, u64 now,
			  const struct pace_memory *m);

/**
 * pace_check() - may the pass run?
 * @p:     what has been seen so far
 * @delay: the delay asked for by the user
 * @now:   the time
 * @m:     free memory
 *
 * It may when the guest is calm in as many checks in a row as the level asks for: the
 * memory that is free and unreported would last for PACE_HORIZON_MS at the rate at which
 * memory was taken since the last sample, out of the lists of the processors or not; and
 * at the rate at which it was allocated since then, freed again or not, for twice the
 * delay, so that most of it cannot have been in use in that time.  A rate of PACE_NOISE
 * in PACE_NOISE_MS is as good as none, for either.  A check that finds most of it freed
 * since the last one does not count.  Or when the request has been held for too long.
 *
 * Return: 0 to run, or milliseconds until the next check.
 */
unsigned int pace_check(struct pace *p, unsigned int delay, u64 now,
			const struct pace_memory *m);

/**
 * pace_run() - a pass runs without having been asked for here
 * @p: what has been seen so far
 *
 * Not because the guest is calm, nor after a hold.
 */
void pace_run(struct pace *p);

/**
 * pace_reported() - the host has acknowledged blocks
 * @p:     what has been seen so far
 * @now:   the time
 * @free:  what a pass can report, with the blocks that are on their way
 * @bytes: size of the acknowledged blocks
 *
 * Says whether earlier reports were too early; how fast memory is taken is for the
 * checks, which are far enough apart, and there are few of them: what the lists of all
 * processors hold need not be known here.
 */
void pace_reported(struct pace *p, u64 now, u64 free, u64 bytes);

/**
 * pace_unknown() - free memory does not count as reported any more
 * @p:     what has been seen so far
 * @bytes: how much
 *
 * It was not in use: that is no mistake.  So it is with what a driver took for the host
 * and has given back: on its way through the lists of the processors it is neither free
 * nor taken.
 */
void pace_unknown(struct pace *p, u64 bytes);

/**
 * pace_discarded() - a pass found free memory that the host has discarded already
 * @p:     what has been seen so far
 * @now:   the time
 * @bytes: how much
 *
 * It counts as reported from now on.  It is no report that could have been too early.
 */
void pace_discarded(struct pace *p, u64 now, u64 bytes);

/**
 * pace_trusts() - has the host still discarded what came back so from a driver?
 * @discarded: bytes that came back
 * @used:      bytes that the guest has allocated since the first of them
 *
 * At most @used of them can have been written to and be free again.  Fewer than
 * PACE_MISTAKE_MIN, or one part in PACE_TRUST_SHARE, is worth the reports saved.
 *
 * Return: whether it is so few.
 */
bool pace_trusts(u64 discarded, u64 used);

/**
 * pace_failed() - a report has failed and its blocks are unreported still
 * @p:   what has been seen so far
 * @now: the time
 * @m:   free memory, with the blocks that are on their way counted as free
 *
 * How fast memory is taken until the next try is measured from here: what was before the
 * pass says nothing any more.
 *
 * Return: milliseconds until the next try, twice as many as after the pass before, if that
 * failed, too.
 */
unsigned int pace_failed(struct pace *p, u64 now, const struct pace_memory *m);

/**
 * pace_lists_rest() - do the lists of the processors hold what nobody uses?
 * @taken: bytes allocated in the last @ms, from wherever
 * @ms:	   milliseconds
 * @held:  bytes in the lists
 *
 * What is in use is allocated from the lists and freed to them, and free memory does
 * not shrink: only the allocations tell.
 *
 * Return: whether @held would last for PACE_LISTS_MS at that rate, or that is noise.
 */
bool pace_lists_rest(u64 taken, u64 ms, u64 held);

#endif /* MM_HOOKS_PACE_H */
