/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Blocks in flight: out of the allocator, in a chain that is with the host.
 *
 * The pass (native.c) takes a flight, scan.c fills it, the reporter carries it,
 * and the pass lands it when the host is done.  All but the completion and the
 * questions at the end is the pass's alone.
 */
#ifndef MM_HOOKS_FLIGHT_H
#define MM_HOOKS_FLIGHT_H

#include <linux/types.h>
#include <vmhooks/mm_hooks.h>

struct zone;

/**
 * struct flight_block - pages in a row that were taken
 * @pfn:   the first
 * @pages: how many
 */
struct flight_block {
	unsigned long pfn;
	unsigned long pages;
};

/**
 * struct flight - one chain and the blocks behind it
 * @chain:  what the reporter gets; @nents entries of @sg are filled
 * @sg:	    what is reported, in rising order, neighbours merged
 * @blocks: what was taken, which may be more, in the same order
 * @count:  how many @blocks
 * @pages:  how many pages they have; all of it stays as it is until the flight
 *	    has landed
 * @zone:   whose
 * @epoch:  see flights_forget()
 * @since:  when it was submitted, jiffies
 * @status: of the host, once @state is FLIGHT_DONE
 * @state:  the completion turns FLIGHT_OUT into FLIGHT_DONE, the pass does all
 *	else; see flight_state()
 */
struct flight {
	struct mm_hooks_chain chain;
	struct scatterlist sg[MM_HOOKS_CHAIN_MAX];
	struct flight_block blocks[MM_HOOKS_CHAIN_MAX];
	unsigned int count;
	unsigned long pages;
	struct zone *zone;
	unsigned int epoch;
	unsigned long since;
	int status;
	enum { FLIGHT_IDLE, FLIGHT_FILLING, FLIGHT_OUT, FLIGHT_DONE } state;
};

/**
 * flights_start() - begin with nothing in flight
 * @rep: who carries the chains
 *
 * Context: process.
 */
void flights_start(struct mm_hooks_reporter *rep);

/**
 * flights_get() - an empty flight
 * @zone:   for blocks of this zone, of which only a part may be in flight
 * @most:   most pages that may be in flight, all flights together
 * @pages:  set to how many of them this one may take
 *
 * Lands what the host is done with, and waits while everything is out.
 *
 * Context: the pass, may sleep.
 * Return: a flight, or NULL after a report has failed or the end was called.
 */
struct flight *flights_get(struct zone *zone, unsigned long most,
			   unsigned long *pages);

/**
 * flight_add() - a block was taken
 * @f:	   the flight
 * @pfn:   its first page
 * @order: its order
 *
 * Context: the pass, zone->lock held.
 */
void flight_add(struct flight *f, unsigned long pfn, unsigned int order);

/**
 * flight_report() - pages of a block that was added have to be reported
 * @f:	   the flight
 * @pfn:   the first of them
 * @pages: how many
 *
 * Context: the pass, zone->lock held, while flight_is_full() says no.
 */
void flight_report(struct flight *f, unsigned long pfn, unsigned long pages);

/* Has the last entry of the chain been used? */
bool flight_is_full(const struct flight *f);

/**
 * flight_submit() - send it to the host
 * @f: a flight; an empty one is only given back
 *
 * Context: the pass, may sleep.
 * Return: 0, or the error of the reporter: then it has landed.
 */
int flight_submit(struct flight *f);

/**
 * flights_land_next() - wait until something that is in flight is back
 *
 * Returns after a while also when nothing is.
 *
 * Context: the pass, may sleep.
 */
void flights_land_next(void);

/**
 * flights_land() - wait until nothing is in flight
 *
 * Context: the pass, may sleep.
 * Return: 0, or the first error since flights_clear_error().
 */
int flights_land(void);

/* Errors before this do not count any more.  Context: the pass. */
void flights_clear_error(void);

/**
 * flights_end() - send nothing any more, the host has a while to finish
 * @patience: jiffies, after which the reporter is told to abort; 0 to go on
 *
 * Context: any.
 */
void flights_end(unsigned long patience);

/**
 * flights_forget() - what is in flight now lands as fresh
 *
 * Context: any.
 */
void flights_forget(void);

/**
 * flight_is_gone() - does the host have what was reported?
 * @f: a flight that has landed
 *
 * Context: the pass, zone->lock held: a forget from then on finds it in the map.
 * Return: whether it has, and nothing was to be forgotten meanwhile.
 */
bool flight_is_gone(const struct flight *f);

/**
 * flights_have() - is a page of a range in flight?
 * @start: first page frame
 * @end:   behind the last one
 *
 * Context: any.
 * Return: whether it is so.
 */
bool flights_have(unsigned long start, unsigned long end);

/**
 * flights_patience() - how long may isolation of a range wait?
 * @start: first page frame
 * @end:   behind the last one
 *
 * Context: any.
 * Return: jiffies until the deadline of every flight with a page of the range has
 * passed; 0 when it has, or when there is no such flight.
 */
unsigned long flights_patience(unsigned long start, unsigned long end);

/**
 * flights_wait() - wait until no page of an isolated range is in flight
 * @start: first page frame
 * @end:   behind the last one
 *
 * Waits until the deadlines of the flights at the most, see policy_isolation().
 *
 * Context: process, may sleep; not the pass.
 * Return: whether no page of the range is in flight.
 */
bool flights_wait(unsigned long start, unsigned long end);

/**
 * flights_wait_some() - wait until something that is in flight is back
 * @timeout: jiffies
 *
 * Context: process, may sleep; not the pass.
 * Return: pages that have come back, 0 when nothing did or nothing was out.
 */
unsigned long flights_wait_some(unsigned long timeout);

/**
 * flights_wait_all() - wait until nothing is in flight
 * @timeout: jiffies
 *
 * After flights_end(), or something may be in flight again at once.
 *
 * Context: process, may sleep; not the pass.
 * Return: whether it is so.
 */
bool flights_wait_all(unsigned long timeout);

/* Those of one node, without what a slow host has had for a while already. */
unsigned long flights_pages_soon(int nid);

/* Pages in flight, or on their way there: off the free lists. */
unsigned long flights_pages(void);

/* Those of one zone.  Context: the pass. */
unsigned long flights_zone_pages(const struct zone *zone);

#endif /* MM_HOOKS_FLIGHT_H */
