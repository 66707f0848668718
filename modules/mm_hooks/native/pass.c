// SPDX-License-Identifier: GPL-2.0-only
/* A pass through the maps of all zones: large blocks. */
#include "pass.h"

#include <linux/jiffies.h>
#include <linux/limits.h>
#include <linux/minmax.h>
#include <linux/mm.h>
#include <linux/mmzone.h>

#include "../counters.h"
#include "../mm_hooks_trace.h"
#include "../pace/low_work.h"
#include "../pace/pacer.h"
#include "../settings.h"
#include "cursor.h"
#include "freed.h"
#include "inflight.h"
#include "page_orders.h"
#include "scan.h"
#include "zones.h"

/* Through one half of the round.  Return: 0, or an error that ends the pass. */
static int pass_sweep(struct mmh_scan *s, struct mmh_pass *pass)
{
	unsigned long pages;
	struct mmh_inflight *f;
	int err = 0;

	s->ended = false;
	while (!err && !s->ended && !s->scarce) {
		f = mmh_inflight_get(s->zone, &pages);
		if (!f)
			return -ESHUTDOWN;
		mmh_scan_fill(s, f, pages);
		pass->sent |= f->slot.report.nents > 0;
		err = mmh_inflight_submit(f);
		if (!err && s->later)
			mmh_inflight_wait_next();
	}
	return err;
}

/* Once round: blocks at the end of a zone have their turn too. */
static int pass_round(struct mmh_scan *s, struct mmh_pass *pass, unsigned long resume)
{
	int err;

	s->cursor = mmh_cursor_begin(resume);
	err = pass_sweep(s, pass);
	if (!err && !s->scarce && mmh_cursor_wrap(&s->cursor))
		err = pass_sweep(s, pass);
	return err;
}

/* Runs go first.  The others begin where they had to stop the last time. */
static int pass_rounds(struct mmh_scan *s, struct mmh_pass *pass, unsigned long *resume)
{
	int err = 0;

	s->runs = s->policy.runs_first;
	if (s->runs)
		err = pass_round(s, pass, 0);
	if (err || s->scarce)
		return err;
	s->runs = false;
	if (!s->empty)
		err = pass_round(s, pass, *resume);
	*resume = mmh_cursor_resume(&s->cursor, 1UL << (NR_PAGE_ORDERS - 1));
	return err;
}

static int pass_zone(struct zone *zone, const struct mmh_policy *policy,
		     struct mmh_scan *s, struct mmh_pass *pass)
{
	int err;

	*s = (struct mmh_scan){
		.zone = zone,
		.policy = *policy,
		.now = (u32)jiffies,
		.batch = mmh_scan_batch(),
		.wait = ULONG_MAX,
	};
	err = pass_rounds(s, pass, mmh_zones_resume(zone));
	mmh_pacer_discarded((u64)s->discarded << PAGE_SHIFT);
	pass->cut |= s->left || s->scarce;
	pass->wait = min(pass->wait, s->wait);
	pass->stuck |= s->refused || s->scarce;
	return err;
}

/*
 * Blocks that cannot be isolated are retried with exponential backoff, as no event tells
 * when they can.  In an idle guest this is one timer a minute.
 */
static void pass_retry(struct mmh_pass *pass)
{
	static unsigned int tries;

	if (pass->sent || pass->freed || !pass->stuck)
		tries = 0;
	if (pass->stuck)
		pass->wait = min(pass->wait, mmh_policy_retry(tries++, HZ));
}

int mmh_pass_run(struct mmh_policy policy, struct mmh_pass *pass)
{
	unsigned int i = 0, zones;
	struct zone *zone;
	int err = 0, landed;

	*pass = (struct mmh_pass){ .wait = ULONG_MAX, .stuck = mmh_zones_need_update() };
	mmh_inflight_clear_error();
	pass->freed = mmh_freed_rearm();
	zones = mmh_zones_count_unreported();
	while (!err && (zone = mmh_zones_next_mapped(&i))) {
		struct mmh_policy given = mmh_policy_zone(&policy, zones);
		struct mmh_scan s;

		if (!mmh_zones_have_unreported(zone))
			continue;
		zones -= zones > 0;
		err = pass_zone(zone, &given, &s, pass);
		mmh_policy_spend(&policy, &given, &s.policy);
	}
	pass_retry(pass);
	WRITE_ONCE(mmh_last_pass, jiffies);
	landed = mmh_inflight_wait_and_putback();
	if (pass->sent)
		mmh_low_soon();
	trace_mmh_pass(pass->sent, pass->cut, landed ?: err,
		       pass->wait == ULONG_MAX ?
			       -1 : (int)jiffies_to_msecs(pass->wait));
	return landed ?: err;
}
