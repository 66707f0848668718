// SPDX-License-Identifier: GPL-2.0-only
/* Which free blocks are reported, when and how many at a time. */
#include "policy.h"

#include <linux/limits.h>
#include <linux/math.h>
#include <linux/minmax.h>

static u32 saturate(u64 ticks)
{
	return min_t(u64, ticks, S32_MAX);
}

struct policy policy_regular(u32 min_age, const struct policy_guest *guest,
			     unsigned int order, unsigned long passed,
			     u32 second)
{
	u64 age = (u64)min_age << guest->level;
	u64 low_age = max_t(u64, age * POLICY_LOW_AGES,
			    (u64)second * POLICY_LOW_MS / 1000);

	return (struct policy){
		.min_age = saturate(guest->calm ? min_age : age),
		.low_age = saturate(low_age),
		.held = saturate(guest->held),
		.order = order,
		.low = min_t(u64, passed, second) * POLICY_LOW_RATE / second,
		.second = second,
	};
}

struct policy policy_flush(void)
{
	return (struct policy){};
}

enum policy_flush_step policy_flush_step(bool taken, bool cut,
					 unsigned int rounds, bool late)
{
	if (!taken)
		return POLICY_FLUSH_DONE;
	if (cut)
		return late ? POLICY_FLUSH_LATE : POLICY_FLUSH_ON;
	return late || rounds >= POLICY_FLUSH_ROUNDS ? POLICY_FLUSH_DONE :
						       POLICY_FLUSH_ON;
}

unsigned long policy_retry(unsigned int tries, unsigned long second)
{
	return second << min(tries, POLICY_RETRIES);
}

u32 policy_wait(struct policy *p, unsigned int order, s32 age)
{
	bool low = order < p->order;
	u32 own = low ? p->low_age : p->min_age;
	u32 need = max(own, p->held);

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

unsigned long policy_skip(const struct policy *p, unsigned long pfn,
			  unsigned int order)
{
	unsigned int span = max(p->order, order);

	return ((pfn >> span) + 1) << span;
}

struct policy policy_zone(const struct policy *p, unsigned int zones)
{
	struct policy zone = *p;

	zone.low = DIV_ROUND_UP(p->low, max(zones, 1U));
	return zone;
}

unsigned long policy_share(unsigned long most, unsigned long out)
{
	unsigned long each = clamp(most / POLICY_CHAINS, POLICY_CHAIN_LEAST,
				   POLICY_CHAIN_PAGES);

	each = min(each, most);
	return !out || out + each <= most ? each : 0;
}

unsigned long policy_zone_most(unsigned long managed)
{
	return max(managed / POLICY_ZONE_PART, 1UL);
}

/* What is left of an order is left of those below it, too: they count these blocks. */
static bool leaves_a_share(const struct policy_memory *m, unsigned long pages)
{
	unsigned long share = (m->large + m->out) / POLICY_LEAVE_PART;

	return m->large >= pages + max(POLICY_LEAVE_BLOCKS * pages, share);
}

enum policy_take policy_take(const struct policy_memory *m, unsigned int order)
{
	unsigned long pages = 1UL << order;
	bool content = m->usable > m->high + pages;

	if (m->out)
		return content && m->out + pages <= m->most &&
		       leaves_a_share(m, pages) ? POLICY_TAKE : POLICY_LATER;
	if (content || (m->free > m->high + pages && m->usable > m->low + pages))
		return POLICY_TAKE;
	return POLICY_SCARCE;
}

bool policy_rescue(struct policy_rescues *r, unsigned long now,
		   unsigned long second)
{
	if (now - r->last > POLICY_RESCUES_APART * second)
		r->row = 0;
	r->last = now;
	if (r->row == POLICY_RESCUES) {
		r->row = 0;
		return false;
	}
	r->row++;
	return true;
}

unsigned long policy_isolation(unsigned long passed, unsigned long second)
{
	unsigned long deadline = POLICY_ISOLATION_SECONDS * second;

	return passed < deadline ? deadline - passed : 0;
}
