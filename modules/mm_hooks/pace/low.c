// SPDX-License-Identifier: GPL-2.0-only
/* When the blocks below report_order are reported. */
#include "low.h"

#include <linux/math64.h>
#include <linux/minmax.h>
#include <linux/time64.h>

void mmh_low_init(struct mmh_low *l, u64 now, u64 total, const struct mmh_low_memory *m)
{
	*l = (struct mmh_low){
		.check_ms = now,
		.quiet_ms = now,
		.last = *m,
		.noise = max(total / LOW_NOISE_PART, LOW_NOISE),
		.least = clamp(total / LOW_PART, LOW_LEAST, LOW_MOST),
		.round_used = m->used,
		.probe = LOW_PROBE,
	};
}

/* The noise of a second may come at once. */
static bool low_is_busy(const struct mmh_low *l, u64 ms, const struct mmh_low_memory *m)
{
	u64 used = m->used - min(l->last.used, m->used);

	return used * MSEC_PER_SEC > l->noise * max_t(u64, ms, MSEC_PER_SEC);
}

/* Was most of the unreported memory freed since the last check? */
static bool low_is_young(const struct mmh_low *l, const struct mmh_low_memory *m)
{
	u64 grown = m->unreported - min(l->last.unreported, m->unreported);

	return grown > l->least && grown * 2 > m->unreported;
}

static bool low_is_due(const struct mmh_low *l, const struct mmh_low_memory *m)
{
	return l->active || m->unreported >= l->residue + l->least ||
	       m->used - min(l->round_used, m->used) >= l->probe;
}

enum mmh_low_step mmh_low_check(struct mmh_low *l, u64 now, u64 age, unsigned int high,
				unsigned int low, const struct mmh_low_memory *m)
{
	if (low_is_busy(l, now - l->check_ms, m) || low_is_young(l, m)) {
		l->quiet_ms = now;
		l->active = false;
	}
	l->check_ms = now;
	l->last = *m;
	l->residue = min(l->residue, m->unreported);
	if (low >= high || !low_is_due(l, m))
		return LOW_WATCH;
	if (now - l->quiet_ms < age)
		return LOW_WAIT;
	if (!l->active) {
		l->active = true;
		l->again = false;
		l->bytes = 0;
		l->order = max(low, high - min_t(unsigned int, high, LOW_STEP));
	}
	l->order = max(l->order, low);
	return LOW_PASS;
}

/* What a round of nothing but small change finds is not worth its walk of the lists. */
static void low_end(struct mmh_low *l, const struct mmh_low_memory *m)
{
	u64 used = m->used - min(l->round_used, m->used);

	l->probe = l->bytes * LOW_PROBE_PART >= used ?
			   LOW_PROBE : min(l->probe * 2, LOW_PROBE_MOST);
	mmh_low_flushed(l, m);
}

void mmh_low_passed(struct mmh_low *l, unsigned int low, u64 bytes, bool cut,
		    const struct mmh_low_memory *m)
{
	l->bytes += bytes;
	l->last.unreported = m->unreported;
	l->again = cut;
	if (cut)
		return;
	if (l->order > low)
		l->order = max(low, l->order - min_t(unsigned int, l->order, LOW_STEP));
	else
		low_end(l, m);
}

void mmh_low_failed(struct mmh_low *l, u64 now)
{
	l->quiet_ms = now;
	l->active = false;
}

void mmh_low_flushed(struct mmh_low *l, const struct mmh_low_memory *m)
{
	l->active = false;
	l->residue = m->unreported;
	l->round_used = m->used;
}
