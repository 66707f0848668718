// SPDX-License-Identifier: GPL-2.0-only
/* Blocks in flight: out of the allocator, in a chain that is with the host. */
#include "flight.h"

#include <linux/jiffies.h>
#include <linux/mm.h>
#include <linux/mmzone.h>
#include <linux/scatterlist.h>
#include <linux/wait.h>

#include "../counters.h"
#include "../mm_hooks_trace.h"
#include "../pacer.h"
#include "policy.h"
#include "putback.h"
#include "zones.h"

/* Enough to keep a host busy while the next one is filled. */
#define FLIGHTS 8
/* Whatever has been out for longer is with a slow host. */
#define FLIGHT_SOON (HZ / 10)
/* How often the reporter looks after chains that are out. */
#define FLIGHTS_POLL (HZ / 2)

/*
 * The pass writes a flight, except for what flight_done() writes.  Isolation, the
 * shrinker and the OOM notifier read it without a lock:
 *
 * - flight_set_state() is a release, flight_state() an acquire.  A reader that sees
 *   FLIGHT_FILLING sees @zone.  One that sees FLIGHT_OUT sees @since.  One that sees
 *   FLIGHT_IDLE sees the blocks back in the allocator.
 * - flight_add() writes a block before @count, with release.  Isolation asks for pageblocks
 *   that it has isolated under zone->lock.  The pass added each block of them under that
 *   lock before.  So the reader sees all of them.
 * - A flight may land and begin anew while it is read.  The reader then sees blocks that
 *   it has not asked for, or none, and waits for one landing too many at the most.
 *
 * flights_forget() and flights_end() write epoch and stop_by in any context.
 */
static struct flight flights[FLIGHTS];
static struct mm_hooks_reporter *reporter;
static unsigned long out_pages;	/* those of flights that fill included */
static unsigned long landed_pages;	/* ever */
static unsigned int epoch;
static unsigned long stop_by;
static bool aborted;
static int error;
static DECLARE_WAIT_QUEUE_HEAD(done_wait);	/* the pass, for completions */
static DECLARE_WAIT_QUEUE_HEAD(landed_wait);	/* others, for landings */

static int flight_state(const struct flight *f)
{
	/* Pairs with flight_set_state(). */
	return smp_load_acquire(&f->state);
}

static void flight_set_state(struct flight *f, int state)
{
	/* Pairs with flight_state(): what was written to the flight before is seen. */
	smp_store_release(&f->state, state);
}

static void flight_done(struct mm_hooks_chain *chain, int status)
{
	struct flight *f = container_of(chain, struct flight, chain);

	f->status = status;
	flight_set_state(f, FLIGHT_DONE);
	wake_up(&done_wait);
}

void flights_start(struct mm_hooks_reporter *rep)
{
	unsigned int i;

	for (i = 0; i < FLIGHTS; i++)
		flights[i] = (struct flight){ .state = FLIGHT_IDLE };
	reporter = rep;
	aborted = false;
	error = 0;
	WRITE_ONCE(out_pages, 0);
	WRITE_ONCE(stop_by, 0);
}

bool flight_is_gone(const struct flight *f)
{
	return !f->status && f->epoch == READ_ONCE(epoch);
}

static void flight_count(const struct flight *f)
{
	if (f->status) {
		mm_hooks_count(report_errors);
		error = error ?: f->status;
	} else {
		mm_hooks_count(reported_chains);
		mm_hooks_count_add(reported_bytes, f->chain.bytes);
	}
	trace_mm_hooks_chain(reporter->name, f->chain.nents, f->chain.bytes,
			     f->status);
}

/* The host may write to them at any time: no one else ever may. */
static void flight_lose(const struct flight *f)
{
	unsigned int i;

	for (i = 0; i < f->count; i++)
		mm_hooks_lose(f->blocks[i].pfn, f->blocks[i].pages);
	mm_hooks_pacer_out(-((s64)f->pages << PAGE_SHIFT));
	pr_err("%s: %lu pages stay out of use until the guest reboots\n",
	       reporter->name, f->pages);
}

static void flight_land(struct flight *f)
{
	flight_count(f);
	mm_hooks_pacer_reported(f->chain.bytes, f->status);
	if (f->status == MM_HOOKS_LOST)
		flight_lose(f);
	else
		flight_putback(f);
	WRITE_ONCE(out_pages, out_pages - f->pages);
	WRITE_ONCE(landed_pages, landed_pages + f->pages);
	flight_set_state(f, FLIGHT_IDLE);
	wake_up_all(&landed_wait);
}

static struct flight *flight_find(int state)
{
	unsigned int i;

	for (i = 0; i < FLIGHTS; i++)
		if (flight_state(&flights[i]) == state)
			return &flights[i];
	return NULL;
}

static void flights_land_done(void)
{
	struct flight *f;

	while ((f = flight_find(FLIGHT_DONE)))
		flight_land(f);
}

static unsigned int flights_waited_ms(void)
{
	unsigned long now = jiffies, longest = 0;
	unsigned int i;

	for (i = 0; i < FLIGHTS; i++)
		if (flight_state(&flights[i]) == FLIGHT_OUT)
			longest = max(longest, now - flights[i].since);
	return jiffies_to_msecs(longest);
}

/* Nothing has come back for a while. */
static void flights_poll(void)
{
	unsigned long stop = READ_ONCE(stop_by);

	if (aborted)
		return;
	if (stop && time_after_eq(jiffies, stop)) {
		aborted = true;
		reporter->ops->abort(reporter);
	} else {
		reporter->ops->poll(reporter, flights_waited_ms());
	}
}

/* Something is out: lands what comes back next. */
static void flights_land_some(void)
{
	if (!wait_event_timeout(done_wait, flight_find(FLIGHT_DONE),
				FLIGHTS_POLL))
		flights_poll();
	flights_land_done();
}

/* Return: the flight, or NULL when the end was called at this moment. */
static struct flight *flight_open(struct flight *f, struct zone *zone)
{
	f->chain = (struct mm_hooks_chain){ .sg = f->sg, .done = flight_done };
	WRITE_ONCE(f->count, 0);
	WRITE_ONCE(f->pages, 0);
	WRITE_ONCE(f->zone, zone);
	f->epoch = READ_ONCE(epoch);
	sg_init_table(f->sg, MM_HOOKS_CHAIN_MAX);
	flight_set_state(f, FLIGHT_FILLING);
	/* Pairs with flights_end(): it sees this flight, or we see the end. */
	smp_mb();
	if (!READ_ONCE(stop_by))
		return f;
	flight_set_state(f, FLIGHT_IDLE);
	wake_up_all(&landed_wait);
	return NULL;
}

static unsigned long flights_share(struct zone *zone, unsigned long most)
{
	unsigned long zone_most = policy_zone_most(zone_managed_pages(zone));

	return min(policy_share(most, out_pages),
		   policy_share(zone_most, flights_zone_pages(zone)));
}

struct flight *flights_get(struct zone *zone, unsigned long most,
			   unsigned long *pages)
{
	struct flight *f;

	flights_land_done();
	while (!error && !READ_ONCE(stop_by)) {
		f = flight_find(FLIGHT_IDLE);
		*pages = flights_share(zone, most);
		if (f && *pages)
			return flight_open(f, zone);
		flights_land_some();
	}
	return NULL;
}

void flight_add(struct flight *f, unsigned long pfn, unsigned int order)
{
	struct flight_block *last = &f->blocks[f->count];

	lockdep_assert_held(&f->zone->lock);
	WRITE_ONCE(f->pages, f->pages + (1UL << order));
	WRITE_ONCE(out_pages, out_pages + (1UL << order));
	mm_hooks_pacer_out((s64)PAGE_SIZE << order);
	zones_counts(f->zone)->taken_pages += 1UL << order;
	if (f->count && last[-1].pfn + last[-1].pages == pfn) {
		WRITE_ONCE(last[-1].pages, last[-1].pages + (1UL << order));
		return;
	}
	WRITE_ONCE(last->pfn, pfn);
	WRITE_ONCE(last->pages, 1UL << order);
	/* Pairs with flight_has(): behind the block. */
	smp_store_release(&f->count, f->count + 1);
}

static struct scatterlist *flight_last(struct flight *f)
{
	return f->chain.nents ? &f->sg[f->chain.nents - 1] : NULL;
}

/*
 * Cloud Hypervisor and crosvm discard only what lies in the memory region of a
 * range's first byte, and acknowledge all of it.  Regions end where memory
 * blocks do, and a memory block is a whole number of sections.
 */
static bool flight_extends(struct scatterlist *s, unsigned long pfn)
{
	return s && page_to_pfn(sg_page(s)) + (s->length >> PAGE_SHIFT) == pfn &&
	       pfn % PAGES_PER_SECTION;
}

void flight_report(struct flight *f, unsigned long pfn, unsigned long pages)
{
	struct scatterlist *s = flight_last(f);
	unsigned int bytes = pages << PAGE_SHIFT;

	lockdep_assert_held(&f->zone->lock);
	f->chain.bytes += bytes;
	if (flight_extends(s, pfn))
		s->length += bytes;
	else
		sg_set_page(&f->sg[f->chain.nents++], pfn_to_page(pfn), bytes,
			    0);
}

bool flight_is_full(const struct flight *f)
{
	return f->chain.nents ==
	       min_t(unsigned int, reporter->capacity, MM_HOOKS_CHAIN_MAX);
}

int flight_submit(struct flight *f)
{
	int err;

	if (!f->chain.nents) {
		flight_set_state(f, FLIGHT_IDLE);
		wake_up_all(&landed_wait);
		return 0;
	}
	sg_mark_end(flight_last(f));
	WRITE_ONCE(f->since, jiffies);
	flight_set_state(f, FLIGHT_OUT);
	while ((err = reporter->ops->submit(reporter, &f->chain)) == -ENOSPC &&
	       out_pages > f->pages)
		flights_land_some();
	if (err) {
		f->status = err;
		flight_land(f);
	}
	return err;
}

void flights_land_next(void)
{
	if (out_pages)
		flights_land_some();
}

int flights_land(void)
{
	while (out_pages)
		flights_land_some();
	return error;
}

void flights_clear_error(void)
{
	error = 0;
}

void flights_end(unsigned long patience)
{
	/* Never 0, which means go on. */
	WRITE_ONCE(stop_by, patience ? (jiffies + patience) | 1 : 0);
	/* Pairs with flight_open(). */
	smp_mb();
	wake_up(&done_wait);
}

void flights_forget(void)
{
	WRITE_ONCE(epoch, epoch + 1);
}

/* A block may be on its way back: asked again after each landing. */
static bool flight_has(const struct flight *f, unsigned long start,
		       unsigned long end)
{
	unsigned int count, i;

	if (flight_state(f) == FLIGHT_IDLE)
		return false;
	/* Pairs with flight_add(). */
	count = smp_load_acquire(&f->count);
	for (i = 0; i < count; i++) {
		unsigned long pfn = READ_ONCE(f->blocks[i].pfn);

		if (pfn < end && start < pfn + READ_ONCE(f->blocks[i].pages))
			return true;
	}
	return false;
}

bool flights_have(unsigned long start, unsigned long end)
{
	unsigned int i;

	for (i = 0; i < FLIGHTS; i++)
		if (flight_has(&flights[i], start, end))
			return true;
	return false;
}

/* Before it is submitted and after its completion a flight waits for the pass only. */
static unsigned long flight_patience(const struct flight *f)
{
	unsigned long since;

	if (flight_state(f) != FLIGHT_OUT)
		return policy_isolation(0, HZ);
	since = READ_ONCE(f->since);
	return policy_isolation(jiffies - since, HZ);
}

unsigned long flights_patience(unsigned long start, unsigned long end)
{
	unsigned long longest = 0;
	unsigned int i;

	for (i = 0; i < FLIGHTS; i++)
		if (flight_has(&flights[i], start, end))
			longest = max(longest, flight_patience(&flights[i]));
	return longest;
}

bool flights_wait(unsigned long start, unsigned long end)
{
	wait_event_timeout(landed_wait, !flights_patience(start, end),
			   flights_patience(start, end));
	return !flights_have(start, end);
}

unsigned long flights_wait_some(unsigned long timeout)
{
	unsigned long before = READ_ONCE(landed_pages);

	if (flights_pages())
		wait_event_timeout(landed_wait,
				   READ_ONCE(landed_pages) != before, timeout);
	return READ_ONCE(landed_pages) - before;
}

static bool flight_is_due(const struct flight *f)
{
	int state = flight_state(f);

	if (state == FLIGHT_OUT)
		return time_before(jiffies, READ_ONCE(f->since) + FLIGHT_SOON);
	return state != FLIGHT_IDLE;
}

unsigned long flights_pages_soon(int nid)
{
	unsigned long pages = 0;
	unsigned int i;

	for (i = 0; i < FLIGHTS; i++)
		if (flight_is_due(&flights[i]) &&
		    zone_to_nid(READ_ONCE(flights[i].zone)) == nid)
			pages += READ_ONCE(flights[i].pages);
	return pages;
}

static bool flights_are_idle(void)
{
	unsigned int i;

	for (i = 0; i < FLIGHTS; i++)
		if (flight_state(&flights[i]) != FLIGHT_IDLE)
			return false;
	return true;
}

bool flights_wait_all(unsigned long timeout)
{
	return wait_event_timeout(landed_wait, flights_are_idle(), timeout);
}

unsigned long flights_pages(void)
{
	return READ_ONCE(out_pages);
}

unsigned long flights_zone_pages(const struct zone *zone)
{
	unsigned long pages = 0;
	unsigned int i;

	for (i = 0; i < FLIGHTS; i++)
		if (flight_state(&flights[i]) != FLIGHT_IDLE &&
		    flights[i].zone == zone)
			pages += flights[i].pages;
	return pages;
}
