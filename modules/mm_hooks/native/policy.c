// SPDX-License-Identifier: GPL-2.0-only
/* Which free blocks are reported, when and how many at a time. */
#include "policy.h"

#include <linux/limits.h>
#include <linux/math.h>
#include <linux/minmax.h>

#include "../small_age.h"

static u32 saturate(u64 ticks)
{
	return min_t(u64, ticks, S32_MAX);
}

/* What may be reported since the last pass, of @rate in a second. */
static unsigned int ration(unsigned long passed, u32 second, unsigned int rate)
{
	return min_t(u64, passed, second) * rate / second;
}

struct mmh_policy mmh_policy_regular(u32 min_age, const struct mmh_policy_guest *guest,
				     unsigned int order, unsigned long passed,
				     u32 second)
{
	u64 age = (u64)min_age << guest->level;

	return (struct mmh_policy){
		.min_age = saturate(guest->idle ? min_age : age),
		.low_age = saturate(mmh_small_age(min_age, guest->level, second)),
		.deferred = saturate(guest->deferred),
		.order = order,
		.low = ration(passed, second, POLICY_LOW_RATE),
		.alone = ration(passed, second, POLICY_ALONE_RATE / max(guest->cpus, 1U)),
		.runs_first = true,
		.second = second,
	};
}

struct mmh_policy mmh_policy_flush(void)
{
	return (struct mmh_policy){ .alone = UINT_MAX };
}

enum mmh_policy_flush_step mmh_policy_flush_step(bool sent, bool cut,
						 unsigned int rounds, bool late)
{
	if (!sent)
		return POLICY_FLUSH_DONE;
	if (cut)
		return late ? POLICY_FLUSH_LATE : POLICY_FLUSH_ON;
	return late || rounds >= POLICY_FLUSH_ROUNDS ? POLICY_FLUSH_DONE :
						       POLICY_FLUSH_ON;
}

unsigned long mmh_policy_retry(unsigned int tries, unsigned long second)
{
	return second << min(tries, POLICY_RETRIES);
}

u32 mmh_policy_wait(struct mmh_policy *p, unsigned int order, s32 age)
{
	bool low = order < p->order;
	u32 own = low ? p->low_age : p->min_age;
	u32 need = max(own, p->deferred);

	age = max(age, 0);
	if ((u32)age < need)
		return min(need - age, max(own, 1U));
	if (!low)
		return 0;
	if (!p->low)
		return p->second;
	p->low--;
	return 0;
}

u32 mmh_policy_small_wait(const struct mmh_policy *p, unsigned int least)
{
	return least < p->order && !p->low ? p->second : 0;
}

bool mmh_policy_is_alone(const struct mmh_policy *p, unsigned int order, bool neighbour)
{
	return order >= p->order && order < POLICY_RUN_ORDER && !neighbour;
}

u32 mmh_policy_alone_wait(const struct mmh_policy *p)
{
	return p->alone ? 0 : max(p->second / POLICY_ALONE_PART, 1U);
}

u32 mmh_policy_alone(struct mmh_policy *p)
{
	u32 wait = mmh_policy_alone_wait(p);

	p->alone -= !wait;
	return wait;
}

unsigned long mmh_policy_skip(const struct mmh_policy *p, unsigned long pfn,
			      unsigned int order)
{
	unsigned int span = max(p->order, order);

	return ((pfn >> span) + 1) << span;
}

static unsigned int part(unsigned int all, unsigned int zones)
{
	return all / zones + !!(all % zones);
}

struct mmh_policy mmh_policy_zone(const struct mmh_policy *p, unsigned int zones)
{
	struct mmh_policy zone = *p;

	zone.low = part(p->low, max(zones, 1U));
	zone.alone = part(p->alone, max(zones, 1U));
	return zone;
}

void mmh_policy_spend(struct mmh_policy *p, const struct mmh_policy *given,
		      const struct mmh_policy *left)
{
	p->low -= given->low - left->low;
	p->alone -= given->alone - left->alone;
}

unsigned long mmh_policy_share(unsigned long most, unsigned long inflight)
{
	unsigned long each = clamp(most / POLICY_REPORTS, POLICY_REPORT_LEAST,
				   POLICY_REPORT_PAGES);

	each = min(each, most);
	return !inflight || inflight + each <= most ? each : 0;
}

unsigned long mmh_policy_zone_most(unsigned long managed)
{
	return max(managed / POLICY_ZONE_PART, 1UL);
}

/* The blocks of an order count for those below it, too. */
static bool leaves_a_share(const struct mmh_policy_memory *m, unsigned long pages)
{
	unsigned long share = (m->large + m->inflight) / POLICY_LEAVE_PART;

	return m->large >= pages + max(POLICY_LEAVE_BLOCKS * pages, share);
}

enum mmh_policy_isolate mmh_policy_isolate(const struct mmh_policy_memory *m, unsigned int order)
{
	unsigned long pages = 1UL << order;
	bool content = m->usable > m->high + pages;

	if (m->inflight)
		return content && m->inflight + pages <= m->most &&
		       leaves_a_share(m, pages) ? POLICY_ISOLATE : POLICY_LATER;
	if (content || (m->free > m->high + pages && m->usable > m->low + pages))
		return POLICY_ISOLATE;
	return POLICY_SCARCE;
}

void mmh_policy_isolated(struct mmh_policy_memory *m, unsigned int order)
{
	unsigned long pages = 1UL << order;

	m->inflight += pages;
	m->free -= min(m->free, pages);
	m->usable -= min(m->usable, pages);
}

bool mmh_policy_oom_may_wait(struct mmh_policy_oom *r, unsigned long now,
			     unsigned long second)
{
	if (now - r->last > POLICY_OOM_WAITS_APART * second)
		r->row = 0;
	r->last = now;
	if (r->row == POLICY_OOM_WAITS) {
		r->row = 0;
		return false;
	}
	r->row++;
	return true;
}

unsigned long mmh_policy_isolation_timeout(unsigned long passed, unsigned long second)
{
	unsigned long deadline = POLICY_ISOLATION_SECONDS * second;

	return passed < deadline ? deadline - passed : 0;
}
