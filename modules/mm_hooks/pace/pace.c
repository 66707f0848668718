// SPDX-License-Identifier: GPL-2.0-only
/*
 * When a reporting pass runs.
 *
 * A report pays off when the memory stays free.  Two observations tell:
 *
 * - How fast memory is used.  If the unreported memory would be used within the
 *   horizon, the guest is busy and the pass is deferred.  Free memory is counted with
 *   the pcplists, from which a loop may take most of its memory.  A workload whose
 *   period equals the check interval shows the same free memory at every check, so the
 *   allocations are counted, too.
 *
 * - How much of what was reported lately is reused.  Reported free memory can never
 *   exceed free memory.  Where it seems to, the difference was used in between.  Such
 *   mistakes raise the level.  Each level doubles the number of idle checks and the
 *   deferral.
 */
#include "pace.h"

#include <linux/minmax.h>

/* Old reports and mistakes weigh less. */
static void pace_fade(struct mmh_pace *p, u64 now)
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

/* If a large part of what was reported lately is reused, reports are too early. */
static void pace_judge(struct mmh_pace *p, u64 now)
{
	if (p->mistakes < PACE_MISTAKE_MIN ||
	    p->mistakes * PACE_MISTAKE_SHARE < p->window)
		return;
	p->level = min(p->level + 1, (unsigned int)PACE_LEVEL_MAX);
	p->level_ms = now;
	p->window = 0;
	p->mistakes = 0;
}

/* What free memory lacks to the reported free memory was used again. */
static void pace_count_reused(struct mmh_pace *p, u64 free)
{
	u64 reused;

	if (p->reported_free <= free)
		return;
	reused = p->reported_free - free;
	p->reported_free = free;
	p->small_free -= min(p->small_free, reused);
	p->reused += reused;
	p->mistakes += min(reused, p->window - p->mistakes);
}

static void pace_weigh(struct mmh_pace *p, u64 now, u64 free)
{
	pace_fade(p, now);
	pace_count_reused(p, free);
	pace_judge(p, now);
}

/*
 * Pages that went to the pcplists are not in use.  The allocator moves some MiB at a time
 * there, and so does a driver that frees many pages.
 */
static void pace_weigh_memory(struct mmh_pace *p, u64 now, const struct mmh_pace_memory *m)
{
	u64 lack = p->reported_free - min(m->free, p->reported_free);
	u64 moved = m->pcp - min(p->pcp, m->pcp);

	mmh_pace_mark_unreported(p, min(lack, moved));
	p->pcp = m->pcp;
	pace_weigh(p, now, m->free);
}

/* All that is free: pages move between the pcplists and the free lists. */
static u64 pace_all(const struct mmh_pace_memory *m)
{
	return m->free + m->pcp;
}

static void pace_sample(struct mmh_pace *p, u64 now, const struct mmh_pace_memory *m)
{
	pace_weigh_memory(p, now, m);
	p->lowest = pace_all(m);
	p->highest = p->lowest;
	p->allocated = m->allocated;
	p->sample_ms = now;
}

/* Between two samples: memory that is freed now was in use. */
static void pace_track(struct mmh_pace *p, u64 now, const struct mmh_pace_memory *m)
{
	pace_weigh_memory(p, now, m);
	p->lowest = min(p->lowest, pace_all(m));
	p->highest = max(p->highest, pace_all(m));
}

/* Does @stock outlast @horizon at the rate of @used in @ms, or is that noise? */
static bool pace_outlasts(u64 stock, u64 horizon, u64 used, u64 ms)
{
	return used * PACE_NOISE_MS <= PACE_NOISE * max(ms, PACE_NOISE_MS) ||
	       used * horizon <= stock * max(ms, 1ULL);
}

static u64 pace_unreported(const struct mmh_pace *p, const struct mmh_pace_memory *m)
{
	return m->free - min(p->reported_free, m->free);
}

/*
 * At the rates of the last @ms, would the unreported memory outlast the horizon, and
 * can most of it not have been in use, and be free again, in the @delay before?
 */
static bool pace_is_idle(const struct mmh_pace *p, unsigned int delay, u64 ms,
			 const struct mmh_pace_memory *m)
{
	u64 unreported = pace_unreported(p, m);
	u64 drop = p->highest - min(p->highest, pace_all(m));
	/* The sum for the sample may be the later one: two requests at a time. */
	u64 used = m->allocated - min(p->allocated, m->allocated);

	return pace_outlasts(unreported, PACE_HORIZON_MS, drop, ms) &&
	       pace_outlasts(unreported, 2 * min_t(u64, delay, ms), used, ms);
}

/* Is most of the unreported memory younger than the last sample? */
static bool pace_is_young(const struct mmh_pace *p, const struct mmh_pace_memory *m)
{
	u64 grown = pace_all(m) - min(pace_all(m), p->lowest);

	return grown * 2 > pace_unreported(p, m);
}

void mmh_pace_init(struct mmh_pace *p, u64 now, const struct mmh_pace_memory *m)
{
	*p = (struct mmh_pace){
		.lowest = pace_all(m),
		.highest = pace_all(m),
		.pcp = m->pcp,
		.allocated = m->allocated,
		.sample_ms = now,
		.window_ms = now,
		.level_ms = now,
		.since_ms = now,
		.need = 1,
	};
}

static unsigned int pace_retry(const struct mmh_pace *p)
{
	unsigned int doublings = min(p->failures - 1, 5U);

	return min(PACE_RETRY_MS << doublings, PACE_RETRY_MAX_MS);
}

/* Was the last pass idle a moment ago, and little reused since? */
static bool pace_stays_idle(const struct mmh_pace *p, u64 now)
{
	return p->was_idle && now - p->idle_ms < PACE_IDLE_MS &&
	       p->reused - p->idle_reused < PACE_MISTAKE_MIN;
}

unsigned int mmh_pace_request(struct mmh_pace *p, unsigned int delay, u64 now,
			      const struct mmh_pace_memory *m)
{
	bool more = p->run_bytes && now - p->reported_ms <= PACE_MORE_MS;

	if (p->waiting)
		pace_track(p, now, m);
	else
		pace_sample(p, now, m);
	p->run_bytes = 0;
	p->idle = 0;
	p->goes_on = more && !p->was_idle;
	if (!p->waiting)
		p->since_ms = now - p->deferred / 2;
	p->waiting = true;
	p->need = more || pace_stays_idle(p, now) ? 1 : 1U << p->level;
	if (p->failures)
		return pace_retry(p);
	return more ? min_t(unsigned int, delay, PACE_GAP_MS) : delay;
}

/* A pass for what another one left starts for the same reason. */
static void pace_go(struct mmh_pace *p, u64 now, u64 defer)
{
	if (!p->goes_on) {
		p->was_idle = p->idle >= p->need;
		p->deferred = !p->was_idle && p->busy ? defer : 0;
	}
	p->idle_reused = p->reused;
	p->idle_ms = now;
	p->run_bytes = 0;
	p->idle = 0;
	p->since_ms = now;
	p->waiting = false;
	p->busy = false;
	p->failing = false;
}

void mmh_pace_run(struct mmh_pace *p)
{
	p->was_idle = false;
	p->deferred = 0;
	p->failing = false;
}

unsigned int mmh_pace_check(struct mmh_pace *p, unsigned int delay, u64 now,
			    const struct mmh_pace_memory *m)
{
	bool idle = pace_is_idle(p, delay, now - p->sample_ms, m);
	bool young = pace_is_young(p, m);
	u64 defer;

	pace_sample(p, now, m);
	defer = max_t(u64, PACE_DEFER_MS, delay) << p->level;
	if (idle) {
		p->idle += !young;
	} else {
		p->idle = 0;
		p->need = 1U << p->level;
		p->busy = true;
		p->goes_on = false;
	}
	if (p->idle < p->need && now - p->since_ms < defer)
		return delay;
	pace_go(p, now, defer);
	return 0;
}

/* What exceeds free memory was reported twice, or was reused in between. */
static void pace_add_reported(struct mmh_pace *p, u64 free, u64 bytes, bool small)
{
	u64 excess = p->reported_free + bytes - min(free, p->reported_free + bytes);
	u64 twice = min(excess, small ? bytes : min(p->small_free, bytes));

	p->reported_free += bytes - twice;
	p->window += bytes - twice;
	if (small)
		p->small_free += bytes - twice;
	else
		p->small_free -= min(p->small_free, twice);
}

void mmh_pace_reported(struct mmh_pace *p, u64 now, u64 free, u64 bytes, bool small)
{
	p->failures = 0;
	p->run_bytes += bytes;
	p->reported_ms = now;
	pace_add_reported(p, free, bytes, small);
	pace_weigh(p, now, free);
}

void mmh_pace_mark_unreported(struct mmh_pace *p, u64 bytes)
{
	p->reported_free -= min(p->reported_free, bytes);
	p->small_free = min(p->small_free, p->reported_free);
}

void mmh_pace_discarded(struct mmh_pace *p, u64 now, u64 bytes)
{
	p->reported_free += bytes;
	p->run_bytes += bytes;
	p->reported_ms = now;
}

bool mmh_pace_trusts_discarded(u64 discarded, u64 used)
{
	return used < PACE_MISTAKE_MIN || used * PACE_TRUST_SHARE <= discarded;
}

unsigned int mmh_pace_failed(struct mmh_pace *p, u64 now, const struct mmh_pace_memory *m)
{
	pace_sample(p, now, m);
	if (!p->failing || !p->failures)
		p->failures++;
	p->failing = true;
	p->run_bytes = 0;
	return pace_retry(p);
}

u64 mmh_pace_observe(struct mmh_pace *p, u64 now, const struct mmh_pace_memory *m)
{
	pace_weigh_memory(p, now, m);
	return m->free - p->reported_free;
}

bool mmh_pace_pcp_is_idle(u64 allocated, u64 ms, u64 listed)
{
	return pace_outlasts(listed, PACE_PCP_MS, allocated, ms);
}
