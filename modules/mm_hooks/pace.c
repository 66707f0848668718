// SPDX-License-Identifier: GPL-2.0-only
/*
 * When to let a reporting pass run.
 *
 * A report is worth its price when the memory stays free.  Two things tell:
 *
 * - how fast free memory shrinks now, with what is in the lists of the processors:
 *   a loop may have most of its memory from there.  If what is free and unreported
 *   would be gone within the horizon, the guest is busy and the pass is held back.
 *   Loops that are in step with the checks take nothing by that measure: what was
 *   allocated in between tells;
 *
 * - how much of what was reported lately has been taken again.  Free memory
 *   that the host does not hold (known) can never exceed free memory; where
 *   the reports say that it does, the difference was taken in between.  Such
 *   mistakes raise the level, and each level doubles both the calm that is
 *   asked for and the time that a request may be held.
 */
#include "pace.h"

#include <linux/minmax.h>

/* What is long past weighs little. */
static void pace_fade(struct pace *p, u64 now)
{
	while (now - p->window_ms >= PACE_WINDOW_MS) {
		p->window /= 2;
		p->mistakes /= 2;
		p->window_ms += PACE_WINDOW_MS;
		if (!p->window)
			p->window_ms = now;
	}
	while (p->level && now - p->level_ms >= PACE_FORGIVE_MS) {
		p->level--;
		p->level_ms += PACE_FORGIVE_MS;
	}
}

/* A good part of what was reported lately is taken again: that was too early. */
static void pace_judge(struct pace *p, u64 now)
{
	if (p->mistakes < PACE_MISTAKE_MIN ||
	    p->mistakes * PACE_MISTAKE_SHARE < p->window)
		return;
	p->level = min(p->level + 1, (unsigned int)PACE_LEVEL_MAX);
	p->level_ms = now;
	p->window = 0;
	p->mistakes = 0;
}

/* Free memory below what the host is believed not to hold was taken again. */
static void pace_take(struct pace *p, u64 free)
{
	u64 taken;

	if (p->known <= free)
		return;
	taken = p->known - free;
	p->known = free;
	p->retaken += taken;
	p->mistakes += min(taken, p->window - p->mistakes);
}

static void pace_weigh(struct pace *p, u64 now, u64 free)
{
	pace_fade(p, now);
	pace_take(p, free);
	pace_judge(p, now);
}

/* All that is free: pages go to and fro between the lists and the rest. */
static u64 pace_all(const struct pace_memory *m)
{
	return m->free + m->lists;
}

static void pace_sample(struct pace *p, u64 now, const struct pace_memory *m)
{
	pace_weigh(p, now, m->free);
	p->lowest = pace_all(m);
	p->highest = p->lowest;
	p->allocated = m->allocated;
	p->sample_ms = now;
}

/* Between two samples: what is freed now was in use a moment ago. */
static void pace_glance(struct pace *p, u64 now, const struct pace_memory *m)
{
	pace_weigh(p, now, m->free);
	p->lowest = min(p->lowest, pace_all(m));
	p->highest = max(p->highest, pace_all(m));
}

/* Would @stock outlast @horizon at the rate of @taken in @ms, or is that noise? */
static bool pace_outlasts(u64 stock, u64 horizon, u64 taken, u64 ms)
{
	return taken * PACE_NOISE_MS <= PACE_NOISE * max(ms, PACE_NOISE_MS) ||
	       taken * horizon <= stock * max(ms, 1ULL);
}

static u64 pace_unreported(const struct pace *p, const struct pace_memory *m)
{
	return m->free - min(p->known, m->free);
}

/*
 * At the rates of the last @ms, would the unreported memory outlast the horizon, and
 * can most of it not have been in use, and be free again, in the @delay before?
 */
static bool pace_is_calm(const struct pace *p, unsigned int delay, u64 ms,
			 const struct pace_memory *m)
{
	u64 unreported = pace_unreported(p, m);
	u64 drop = p->highest - min(p->highest, pace_all(m));
	/* The sum for the sample may be the later one: two requests at a time. */
	u64 used = m->allocated - min(p->allocated, m->allocated);

	return pace_outlasts(unreported, PACE_HORIZON_MS, drop, ms) &&
	       pace_outlasts(unreported, 2 * min_t(u64, delay, ms), used, ms);
}

/* Is most of the unreported memory younger than the last sample? */
static bool pace_is_young(const struct pace *p, const struct pace_memory *m)
{
	u64 grown = pace_all(m) - min(pace_all(m), p->lowest);

	return grown * 2 > pace_unreported(p, m);
}

void pace_init(struct pace *p, u64 now, const struct pace_memory *m)
{
	*p = (struct pace){
		.lowest = pace_all(m),
		.highest = pace_all(m),
		.allocated = m->allocated,
		.sample_ms = now,
		.window_ms = now,
		.level_ms = now,
		.since_ms = now,
		.need = 1,
	};
}

static unsigned int pace_retry(const struct pace *p)
{
	unsigned int doublings = min(p->failures - 1, 5U);

	return min(PACE_RETRY_MS << doublings, PACE_RETRY_MAX_MS);
}

/* Has the guest been as calm as the level asks, and still is? */
static bool pace_stays_calm(const struct pace *p, u64 now)
{
	return p->was_calm && now - p->calm_ms < PACE_CALM_MS &&
	       p->retaken - p->calm_retaken < PACE_MISTAKE_MIN;
}

unsigned int pace_request(struct pace *p, unsigned int delay, u64 now,
			  const struct pace_memory *m)
{
	bool more = p->run_bytes && now - p->reported_ms <= PACE_MORE_MS;

	if (p->waiting)
		pace_glance(p, now, m);
	else
		pace_sample(p, now, m);
	p->run_bytes = 0;
	p->calm = 0;
	p->goes_on = more && !p->was_calm;
	if (!p->waiting)
		p->since_ms = now - p->held / 2;
	p->waiting = true;
	p->need = more || pace_stays_calm(p, now) ? 1 : 1U << p->level;
	if (p->failures)
		return pace_retry(p);
	return more ? min_t(unsigned int, delay, PACE_GAP_MS) : delay;
}

/* What goes on after a pass that was not calm goes for the reason of that one. */
static void pace_go(struct pace *p, u64 now, u64 hold)
{
	if (!p->goes_on) {
		p->was_calm = p->calm >= p->need;
		p->held = !p->was_calm && p->busy ? hold : 0;
	}
	p->calm_retaken = p->retaken;
	p->calm_ms = now;
	p->run_bytes = 0;
	p->calm = 0;
	p->since_ms = now;
	p->waiting = false;
	p->busy = false;
	p->failing = false;
}

void pace_run(struct pace *p)
{
	p->was_calm = false;
	p->held = 0;
	p->failing = false;
}

unsigned int pace_check(struct pace *p, unsigned int delay, u64 now,
			const struct pace_memory *m)
{
	bool calm = pace_is_calm(p, delay, now - p->sample_ms, m);
	bool young = pace_is_young(p, m);
	u64 hold;

	pace_sample(p, now, m);
	hold = max_t(u64, PACE_HOLD_MS, delay) << p->level;
	if (calm) {
		p->calm += !young;
	} else {
		p->calm = 0;
		p->need = 1U << p->level;
		p->busy = true;
		p->goes_on = false;
	}
	if (p->calm < p->need && now - p->since_ms < hold)
		return delay;
	pace_go(p, now, hold);
	return 0;
}

void pace_reported(struct pace *p, u64 now, u64 free, u64 bytes)
{
	p->failures = 0;
	p->run_bytes += bytes;
	p->window += bytes;
	p->known += bytes;
	p->reported_ms = now;
	pace_weigh(p, now, free);
}

void pace_unknown(struct pace *p, u64 bytes)
{
	p->known -= min(p->known, bytes);
}

void pace_discarded(struct pace *p, u64 now, u64 bytes)
{
	p->known += bytes;
	p->run_bytes += bytes;
	p->reported_ms = now;
}

bool pace_trusts(u64 discarded, u64 used)
{
	return used < PACE_MISTAKE_MIN || used * PACE_TRUST_SHARE <= discarded;
}

unsigned int pace_failed(struct pace *p, u64 now, const struct pace_memory *m)
{
	pace_sample(p, now, m);
	if (!p->failing || !p->failures)
		p->failures++;
	p->failing = true;
	p->run_bytes = 0;
	return pace_retry(p);
}

bool pace_lists_rest(u64 taken, u64 ms, u64 held)
{
	return pace_outlasts(held, PACE_LISTS_MS, taken, ms);
}
