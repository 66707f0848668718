/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Which free blocks are reported, when and how many at a time: decisions, without
 * kernel state.  Times are ticks of any clock, ages differences of such.
 */
#ifndef MMH_POLICY_H
#define MMH_POLICY_H

#include <linux/bits.h>
#include <linux/mm.h>
#include <linux/types.h>

/* So many reports share what may be in flight. */
#define POLICY_REPORTS 4
/* A report has at most so many pages, 64 MiB, and room for a block of 4 MiB at least. */
#define POLICY_REPORT_PAGES BIT(26 - PAGE_SHIFT)
#define POLICY_REPORT_LEAST BIT(22 - PAGE_SHIFT)
/* The part of a zone that may be in flight. */
#define POLICY_ZONE_PART 32
/* Of the free blocks of an order and above, so many and this part are not isolated. */
#define POLICY_LEAVE_BLOCKS 8
#define POLICY_LEAVE_PART 4
/* At most so many blocks below the reporting order are reported in a second. */
#define POLICY_LOW_RATE 1024
/*
 * The host discards a range at a time, and interrupts each processor of the guest for it.
 * Blocks that no neighbour goes with cause so many such interrupts in a second at most.
 */
#define POLICY_ALONE_RATE 16384
/* Part of a second after which some more of them may be reported. */
#define POLICY_ALONE_PART 8
/* From this order on a block is worth a range of its own: 4 MiB. */
#define POLICY_RUN_ORDER (22 - PAGE_SHIFT)
/* Rounds of a flush, if each finds something that was freed since the last one. */
#define POLICY_FLUSH_ROUNDS 4
/* The retry of blocks that cannot be isolated is doubled so often, from 1 s on. */
#define POLICY_RETRIES 6U
/* The OOM notifier waits so often in a row: twice the number of reports in flight. */
#define POLICY_OOM_WAITS 16
/* After so many seconds without an OOM the row is over. */
#define POLICY_OOM_WAITS_APART 10
/* Isolation waits for a report until so many seconds after its submission. */
#define POLICY_ISOLATION_SECONDS 10

/**
 * struct mmh_policy - what holds for one pass
 * @min_age: ticks that a block has to have been free
 * @low_age: the same for blocks below @order
 * @deferred: the same for all of them
 * @order:   blocks from this order on are reported without a limit
 * @low:     number of smaller ones that may be reported still, in all zones
 * @alone:   number of ranges with one block of @order that may be reported still
 * @runs_first: these go before the others
 * @second:  ticks of a second
 */
struct mmh_policy {
	u32 min_age;
	u32 low_age;
	u32 deferred;
	unsigned int order;
	unsigned int low;
	unsigned int alone;
	bool runs_first;
	u32 second;
};

/**
 * struct mmh_policy_guest - the guest when the pacer started a pass
 * @level:    how far reporting has backed off; each level doubles the age
 * @idle:     the pass started because of idle checks.  Then large blocks do not wait
 *	      for the age of the level once more.  Small ones do, as they cost more.
 * @deferred: ticks for which the pass was deferred in a busy guest, else 0.  Younger
 *	      blocks may be used by the next turn of the workload.
 * @cpus:     processors that are online
 */
struct mmh_policy_guest {
	unsigned int level;
	bool idle;
	u32 deferred;
	unsigned int cpus;
};

/**
 * mmh_policy_regular() - a pass that the pacer has started
 * @min_age: ticks, from the parameter
 * @guest:   how the guest was
 * @order:   from the parameter
 * @passed:  ticks since the last pass
 * @second:  ticks of a second
 *
 * Return: what holds for it.
 */
struct mmh_policy mmh_policy_regular(u32 min_age, const struct mmh_policy_guest *guest,
				     unsigned int order, unsigned long passed,
				     u32 second);

/* A pass that reports everything. */
struct mmh_policy mmh_policy_flush(void);

/**
 * enum mmh_policy_flush_step - what follows a round of a flush
 * @POLICY_FLUSH_ON:   another one
 * @POLICY_FLUSH_DONE: nothing: what was free at its begin is reported if it can be isolated
 * @POLICY_FLUSH_LATE: nothing: the time is up, and something is left
 */
enum mmh_policy_flush_step {
	POLICY_FLUSH_ON,
	POLICY_FLUSH_DONE,
	POLICY_FLUSH_LATE,
};

/**
 * mmh_policy_flush_step() - does a flush go on?
 * @sent:   the last round has submitted a report
 * @cut:    and left blocks that may be reported
 * @rounds: how many there were
 * @late:   the time of the flush is up
 *
 * A round reports all that was free when it began.  A bounded number of rounds follows
 * for what is freed meanwhile.
 *
 * Return: what follows.
 */
enum mmh_policy_flush_step mmh_policy_flush_step(bool sent, bool cut,
						 unsigned int rounds, bool late);

/**
 * mmh_policy_retry() - when are blocks retried that cannot be isolated?
 * @tries:  retries that failed, while nothing else happened
 * @second: ticks of a second
 *
 * Return: ticks: 1 s, doubled with each try, at most 64 s.
 */
unsigned long mmh_policy_retry(unsigned int tries, unsigned long second);

/**
 * mmh_policy_wait() - may a block be reported?
 * @p:	   the pass; counts it when it is a small one that may
 * @order: the block's order
 * @age:   ticks since the last of it was freed, negative if after the pass began
 *
 * A block that waits for @deferred is retried as if it waited for its age: the guest may
 * become idle at any time.
 *
 * Return: 0 when it may, else ticks until it is worth asking again.
 */
u32 mmh_policy_wait(struct mmh_policy *p, unsigned int order, s32 age);

/**
 * mmh_policy_small_wait() - do all small blocks have to wait?
 * @p:	   the pass
 * @least: order of the smallest block that is reported
 *
 * Return: 0, or ticks until some may be reported: enough of them are.
 */
u32 mmh_policy_small_wait(const struct mmh_policy *p, unsigned int least);

/**
 * mmh_policy_is_alone() - is a block a range of its own, which counts?
 * @p:		the pass
 * @order:	the block's order
 * @neighbour:	a block beside it is in the same range
 *
 * Small blocks are not meant, as they are counted anyway.
 *
 * Return: whether mmh_policy_alone() is asked.
 */
bool mmh_policy_is_alone(const struct mmh_policy *p, unsigned int order, bool neighbour);

/**
 * mmh_policy_alone() - may a block that is alone be reported?
 * @p: the pass; counts it when it may
 *
 * Return: 0 when it may, else ticks until it is worth asking again.
 */
u32 mmh_policy_alone(struct mmh_policy *p);

/**
 * mmh_policy_alone_wait() - do all blocks that are alone have to wait?
 * @p: the pass
 *
 * Return: 0, or ticks until some may be reported.
 */
u32 mmh_policy_alone_wait(const struct mmh_policy *p);

/**
 * mmh_policy_skip() - where to go on behind a block that has to wait
 * @p:	   the pass
 * @pfn:   the block's first page
 * @order: its order
 *
 * Around a small block there are only small ones, up to the next multiple of the
 * reporting order.  They have one age.
 *
 * Return: a page frame.
 */
unsigned long mmh_policy_skip(const struct mmh_policy *p, unsigned long pfn,
			      unsigned int order);

/**
 * mmh_policy_zone() - a zone's part of what is limited in number
 * @p:	   the pass
 * @zones: zones that are still to come, this one included
 *
 * Return: what holds for this zone.
 */
struct mmh_policy mmh_policy_zone(const struct mmh_policy *p, unsigned int zones);

/**
 * mmh_policy_spend() - a zone has used some of its part
 * @p:	   the pass
 * @given: what mmh_policy_zone() gave
 * @left:  what is left of it
 */
void mmh_policy_spend(struct mmh_policy *p, const struct mmh_policy *given,
		      const struct mmh_policy *left);

/**
 * mmh_policy_share() - how many pages may one more report have?
 * @most:     pages that may be in flight
 * @inflight: pages that are
 *
 * One report may always be in flight.  The device works on some while the pass fills
 * another.
 *
 * Return: pages, 0 to wait until a report completes.
 */
unsigned long mmh_policy_share(unsigned long most, unsigned long inflight);

/**
 * mmh_policy_zone_most() - how much of a zone may be in flight?
 * @managed: pages of the zone
 *
 * Return: pages.  One block may always be, see mmh_policy_isolate().
 */
unsigned long mmh_policy_zone_most(unsigned long managed);

/**
 * struct mmh_policy_memory - the memory of a zone, in pages
 * @free:     free pages
 * @usable:   of these, without CMA and the highatomic reserve
 * @large:    of @usable, in blocks of one order and above
 * @inflight: in flight
 * @most:     what may be in flight
 * @low:      the low watermark
 * @high:     the high watermark
 */
struct mmh_policy_memory {
	unsigned long free;
	unsigned long usable;
	unsigned long large;
	unsigned long inflight;
	unsigned long most;
	unsigned long low;
	unsigned long high;
};

/**
 * enum mmh_policy_isolate - can a zone do without a block for a while?
 * @POLICY_ISOLATE: it can
 * @POLICY_LATER:   it can when blocks of it are put back
 * @POLICY_SCARCE:  it is short of memory
 */
enum mmh_policy_isolate {
	POLICY_ISOLATE,
	POLICY_LATER,
	POLICY_SCARCE,
};

/**
 * mmh_policy_isolate() - can a zone do without a block for a while?
 * @m:	   its memory; @m->large is for the order of the block
 * @order: the block's order
 *
 * A share of the blocks stays, so that an allocation of that order succeeds during a
 * pass.  Exception: while nothing is in flight, one block may be isolated.  So all blocks
 * are reported in the end.
 *
 * Free memory may be CMA or highatomic reserve, and the block type is unknown.  Such
 * zones are limited to one block in flight.
 *
 * Return: what to do with the block.
 */
enum mmh_policy_isolate mmh_policy_isolate(const struct mmh_policy_memory *m, unsigned int order);

/**
 * mmh_policy_isolated() - a block was isolated
 * @m:	   the memory of its zone, as it was before
 * @order: the block's order
 *
 * It has changed the memory by as much, of whichever type it is.
 */
void mmh_policy_isolated(struct mmh_policy_memory *m, unsigned int order);

/**
 * struct mmh_policy_oom - the waits of the OOM notifier
 * @last: ticks of the last OOM
 * @row:  waits in a row
 */
struct mmh_policy_oom {
	unsigned long last;
	unsigned int row;
};

/**
 * mmh_policy_oom_may_wait() - does the OOM notifier wait for blocks in flight?
 * @r:	    the waits so far; counts this one
 * @now:    ticks
 * @second: ticks of a second
 *
 * The number of waits in a row is bounded: if one node lacks memory, blocks of another
 * one may be in flight all the time.
 *
 * Return: whether it waits; otherwise the OOM killer runs.
 */
bool mmh_policy_oom_may_wait(struct mmh_policy_oom *r, unsigned long now,
			     unsigned long second);

/**
 * mmh_policy_isolation_timeout() - how long may isolation wait for a report?
 * @passed: ticks since its submission
 * @second: ticks of a second
 *
 * The deadline is the report's.  A caller that tries one range after another, as CMA
 * does, waits for a silent device once.
 *
 * Return: ticks, 0 after the deadline.
 */
unsigned long mmh_policy_isolation_timeout(unsigned long passed, unsigned long second);

#endif /* MMH_POLICY_H */
