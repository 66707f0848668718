/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Which free blocks are reported, when and how many at a time: decisions, without
 * kernel state.  Times are ticks of any clock, ages differences of such.
 */
#ifndef MM_HOOKS_POLICY_H
#define MM_HOOKS_POLICY_H

#include <linux/bits.h>
#include <linux/types.h>

/* What may be in flight is shared by this many chains. */
#define POLICY_CHAINS 4
/* A chain never takes more pages, and none is for less than a block of order 10. */
#define POLICY_CHAIN_PAGES BIT(14)
#define POLICY_CHAIN_LEAST BIT(10)
/* The part of a zone that may be in flight. */
#define POLICY_ZONE_PART 32
/* Of the free blocks of an order and above so many stay, and this part of them. */
#define POLICY_LEAVE_BLOCKS 8
#define POLICY_LEAVE_PART 4
/* Blocks below the reporting order wait for this many ages, and a time of its own. */
#define POLICY_LOW_AGES 10
#define POLICY_LOW_MS 2000
/* So many of them are reported in a second at the most. */
#define POLICY_LOW_RATE 1024
/* Rounds of a flush, if each finds something that was freed since the last one. */
#define POLICY_FLUSH_ROUNDS 4
/* The wait for memory that cannot be had is doubled so often, from a second on. */
#define POLICY_RETRIES 6U
/* Twice as often as there are flights that may land one by one. */
#define POLICY_RESCUES 16
/* After so many seconds it is another time. */
#define POLICY_RESCUES_APART 10
/* Isolation waits for a flight until it has been with the device for so many seconds. */
#define POLICY_ISOLATION_SECONDS 10

/**
 * struct policy - what holds for one pass
 * @min_age: ticks that a block has to have been free
 * @low_age: the same for blocks below @order
 * @held:    the same for all of them
 * @order:   blocks from this order on are reported without a limit
 * @low:     how many smaller ones may be reported still, in all zones
 * @second:  ticks of a second
 */
struct policy {
	u32 min_age;
	u32 low_age;
	u32 held;
	unsigned int order;
	unsigned int low;
	u32 second;
};

/**
 * struct policy_guest - how the guest was when the pacer let a pass go
 * @level: how far reporting has backed off: each level doubles the age
 * @calm:  it was calm for as long as the level asks: then what was freed in that time,
 *	   or came out of the lists of the processors, need not wait for as long once
 *	   more; small blocks do, which cost more
 * @held:  it was busy until the pass was held for so many ticks: what nobody has wanted
 *	   for as long is cold, anything younger may be wanted by the next turn of what
 *	   keeps the guest busy
 */
struct policy_guest {
	unsigned int level;
	bool calm;
	u32 held;
};

/**
 * policy_regular() - a pass that the pacer has let go
 * @min_age: ticks, from the parameter
 * @guest:   how the guest was
 * @order:   from the parameter
 * @passed:  ticks since the last pass
 * @second:  ticks of a second
 *
 * Return: what holds for it.
 */
struct policy policy_regular(u32 min_age, const struct policy_guest *guest,
			     unsigned int order, unsigned long passed,
			     u32 second);

/* A pass that takes all there is. */
struct policy policy_flush(void);

/**
 * enum policy_flush_step - what follows a round of a flush
 * @POLICY_FLUSH_ON:   another one
 * @POLICY_FLUSH_DONE: nothing: what was free when it began, and could be had, is reported
 * @POLICY_FLUSH_LATE: nothing: the time is up, and something is left
 */
enum policy_flush_step {
	POLICY_FLUSH_ON,
	POLICY_FLUSH_DONE,
	POLICY_FLUSH_LATE,
};

/**
 * policy_flush_step() - does a flush go on?
 * @taken:  the last round has found something to report
 * @cut:    and left something
 * @rounds: how many there were
 * @late:   the time of the flush is up
 *
 * A round takes all that was free when it began.  What is freed meanwhile has some more
 * rounds; a guest that never stops to free must not keep it going.
 *
 * Return: what follows.
 */
enum policy_flush_step policy_flush_step(bool taken, bool cut,
					 unsigned int rounds, bool late);

/**
 * policy_retry() - when is memory looked at again that cannot be had?
 * @tries:  how often it was looked at in vain, and nothing else happened
 * @second: ticks of a second
 *
 * Return: ticks, ever more of them, 64 seconds at the most.
 */
unsigned long policy_retry(unsigned int tries, unsigned long second);

/**
 * policy_wait() - may a block be reported?
 * @p:	   the pass; counts it when it is a small one that may
 * @order: the block's order
 * @age:   ticks since the last of it was freed, negative if after the pass began
 *
 * What waits because the guest is busy is asked for as if it were not: calm may come at
 * any time.
 *
 * Return: 0 when it may, else ticks until it is worth asking again.
 */
u32 policy_wait(struct policy *p, unsigned int order, s32 age);

/**
 * policy_skip() - where to go on behind a block that has to wait
 * @p:	   the pass
 * @pfn:   the block's first page
 * @order: its order
 *
 * Around a small block there are only small ones, up to the next multiple of the
 * reporting order; they are of one age and wait for the same thing.
 *
 * Return: a page frame.
 */
unsigned long policy_skip(const struct policy *p, unsigned long pfn,
			  unsigned int order);

/**
 * policy_zone() - the part of a zone in what small blocks are left
 * @p:	   the pass
 * @zones: zones that are still to come, this one included
 *
 * Return: what holds for this zone.
 */
struct policy policy_zone(const struct policy *p, unsigned int zones);

/**
 * policy_share() - how many pages may one more chain take?
 * @most: pages that may be in flight
 * @out:  pages that are
 *
 * One chain may always be out.  The device works on some while others are filled.
 *
 * Return: pages, 0 to wait until others are back.
 */
unsigned long policy_share(unsigned long most, unsigned long out);

/**
 * policy_zone_most() - how much of a zone may be in flight?
 * @managed: pages of the zone
 *
 * Return: pages.  One block may always be, see policy_take().
 */
unsigned long policy_zone_most(unsigned long managed);

/**
 * struct policy_memory - the memory of a zone, in pages
 * @free:   free memory
 * @usable: what any allocation can have of it
 * @large:  what any allocation can have of it in blocks of one order and above
 * @out:    in flight
 * @most:   what may be in flight
 * @low:    where the kernel would begin to reclaim
 * @high:   where it would be content
 */
struct policy_memory {
	unsigned long free;
	unsigned long usable;
	unsigned long large;
	unsigned long out;
	unsigned long most;
	unsigned long low;
	unsigned long high;
};

/**
 * enum policy_take - can a zone do without a block for a while?
 * @POLICY_TAKE:   it can
 * @POLICY_LATER:  it can when something of it is back
 * @POLICY_SCARCE: it is short of memory
 */
enum policy_take {
	POLICY_TAKE,
	POLICY_LATER,
	POLICY_SCARCE,
};

/**
 * policy_take() - can a zone do without a block for a while?
 * @m:	   its memory; @m->large is for the order of the block
 * @order: the block's order
 *
 * An allocation of that order, or of one below, succeeds while a pass is out: a share of
 * the blocks stays.  Exception: while nothing is in flight one block may go.  So all
 * blocks are reported in the end.
 *
 * A zone that is full for most allocations may have much free memory of another kind, and
 * the block's kind is unknown.  Such a zone gives one block at a time.
 *
 * Return: what to do with the block.
 */
enum policy_take policy_take(const struct policy_memory *m, unsigned int order);

/**
 * struct policy_rescues - how often in a row a guest was kept from killing
 * @last: when it was out of memory the last time, in ticks
 * @row:  how often in a row
 */
struct policy_rescues {
	unsigned long last;
	unsigned int row;
};

/**
 * policy_rescue() - a guest is out of memory: does it wait for what is in flight?
 * @r:	    what happened before; counts this one
 * @now:    ticks
 * @second: ticks of a second
 *
 * It does, but not for ever: where memory of one node is lacking, that of another may
 * come and go all the time.
 *
 * Return: whether it waits; otherwise somebody is killed.
 */
bool policy_rescue(struct policy_rescues *r, unsigned long now,
		   unsigned long second);

/**
 * policy_isolation() - how long may isolation wait for a flight?
 * @passed: ticks since the flight was submitted
 * @second: ticks of a second
 *
 * The deadline is the flight's.  A caller that tries one range after another, as CMA
 * does, waits for a silent device once.
 *
 * Return: ticks, 0 after the deadline.
 */
unsigned long policy_isolation(unsigned long passed, unsigned long second);

#endif /* MM_HOOKS_POLICY_H */
