/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * When the blocks below report_order are reported: the decision, without kernel state.
 *
 * All sizes are bytes.  All times are milliseconds of a monotonic clock.
 *
 * A small block costs the host as much as a large one, so it has to be old and the guest
 * quiet.  Nothing tells the age of a small block.  A block that is free while the guest is quiet
 * for the whole age has been free for that long.
 *
 * A round is a series of passes.  The first ones report the larger of the small blocks,
 * which return more memory each.
 */
#ifndef MMH_LOW_H
#define MMH_LOW_H

#include <linux/bits.h>
#include <linux/types.h>

/* A quiet guest allocates up to this much in a second, and this part of its memory. */
#define LOW_NOISE BIT_ULL(22)
#define LOW_NOISE_PART 1024
/* A round begins for this part of the memory, within these bounds. */
#define LOW_PART 1024
#define LOW_LEAST BIT_ULL(20)
#define LOW_MOST BIT_ULL(24)
/* What was allocated may have been reported memory; so much of it begins a round, too. */
#define LOW_PROBE BIT_ULL(24)
#define LOW_PROBE_MOST BIT_ULL(30)
/* A probe pays off if a round reports this part of what was allocated. */
#define LOW_PROBE_PART 8
/* Orders from one step of a round to the next. */
#define LOW_STEP 3

/**
 * struct mmh_low_memory - the guest at a check
 * @unreported: free memory that is not reported
 * @used:	all allocations since boot
 */
struct mmh_low_memory {
	u64 unreported;
	u64 used;
};

/**
 * struct mmh_low - what was observed so far
 * @check_ms:	time of the last check
 * @quiet_ms:	since when the guest is quiet
 * @last:	the guest at the last check
 * @noise:	what a quiet guest allocates in a second
 * @least:	so much unreported memory more begins a round
 * @residue:	unreported memory that the last round has left
 * @round_used: all allocations until the last round ended
 * @probe:	so many allocations begin a round
 * @bytes:	reported in this round
 * @order:	lowest order of the next pass of the round
 * @again:	that pass goes on where the last one was cut
 * @active:	a round is going on
 */
struct mmh_low {
	u64 check_ms;
	u64 quiet_ms;
	struct mmh_low_memory last;
	u64 noise;
	u64 least;
	u64 residue;
	u64 round_used;
	u64 probe;
	u64 bytes;
	unsigned int order;
	bool again;
	bool active;
};

/**
 * enum mmh_low_step - what follows a check
 * @LOW_WATCH: nothing is to be reported
 * @LOW_WAIT:	something is, when the guest is quiet
 * @LOW_PASS:	a pass
 */
enum mmh_low_step {
	LOW_WATCH,
	LOW_WAIT,
	LOW_PASS,
};

/**
 * mmh_low_init() - begin to observe
 * @l:	   the state
 * @now:   time
 * @total: the guest's memory
 * @m:	   the guest
 */
void mmh_low_init(struct mmh_low *l, u64 now, u64 total, const struct mmh_low_memory *m);

/**
 * mmh_low_check() - does a pass run now?
 * @l:	  the state
 * @now:  time
 * @age:  for how long the guest has to be quiet, see mmh_small_age()
 * @high: report_order
 * @low:  lowest order that is reported
 * @m:	  the guest
 *
 * Return: what follows; for LOW_PASS @l->order is its lowest order, and @l->again tells
 * whether it goes on.
 */
enum mmh_low_step mmh_low_check(struct mmh_low *l, u64 now, u64 age, unsigned int high,
				unsigned int low, const struct mmh_low_memory *m);

/**
 * mmh_low_passed() - a pass has ended
 * @l:	   the state
 * @low:   lowest order that is reported
 * @bytes: reported
 * @cut:   it had to stop at its ration
 * @m:	   the guest after it
 *
 * A pass that was not cut has found all of its order.
 */
void mmh_low_passed(struct mmh_low *l, unsigned int low, u64 bytes, bool cut,
		    const struct mmh_low_memory *m);

/**
 * mmh_low_failed() - a pass has failed
 * @l:	 the state
 * @now: time
 *
 * The round ends.  What is left is due still, when the guest is quiet for another age.
 */
void mmh_low_failed(struct mmh_low *l, u64 now);

/* All is reported, by a flush.  @m is the guest after it. */
void mmh_low_flushed(struct mmh_low *l, const struct mmh_low_memory *m);

#endif /* MMH_LOW_H */
