// SPDX-License-Identifier: GPL-2.0-only
/* Reports from submission to completion: submit, poll, abort, count and trace. */
#include "report.h"

#include <linux/jiffies.h>
#include <linux/minmax.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/wait.h>

#include "counters.h"
#include "mm_hooks_trace.h"
#include "settings.h"

/* How often the reporter polls while a report is in flight. */
#define REPORT_POLL (HZ / 2)

/* The pass's, except for stop_by, which changes in any context. */
static struct mmh_reporter *reporter;
static LIST_HEAD(slots);
static unsigned long stop_by;	/* jiffies; 0 to go on */
static bool aborted;
static DECLARE_WAIT_QUEUE_HEAD(completed_wait);

void mmh_reports_start(struct mmh_reporter *rep)
{
	reporter = rep;
	INIT_LIST_HEAD(&slots);
	aborted = false;
	WRITE_ONCE(stop_by, 0);
}

void mmh_reports_stop(unsigned long patience)
{
	/* Never 0, which means go on. */
	WRITE_ONCE(stop_by, patience ? (jiffies + patience) | 1 : 0);
	/* Pairs with mmh_slot_open(). */
	smp_mb();
	wake_up(&completed_wait);
}

bool mmh_reports_are_stopped(void)
{
	return READ_ONCE(stop_by);
}

bool mmh_blocks_are_small(struct scatterlist *sg, unsigned int nents)
{
	unsigned int i, order = mmh_report_order();
	struct scatterlist *s;

	for_each_sg(sg, s, nents, i)
		if (s->length < PAGE_SIZE << order)
			return true;
	return false;
}

void mmh_slot_register(struct mmh_slot *slot)
{
	mmh_slot_set_state(slot, MMH_SLOT_IDLE);
	list_add_tail(&slot->node, &slots);
}

struct mmh_slot *mmh_slot_find(int state)
{
	struct mmh_slot *slot;

	list_for_each_entry(slot, &slots, node)
		if (mmh_slot_state(slot) == state)
			return slot;
	return NULL;
}

static unsigned int reports_waited_ms(void)
{
	unsigned long now = jiffies, longest = 0;
	const struct mmh_slot *slot;

	list_for_each_entry(slot, &slots, node)
		if (mmh_slot_state(slot) == MMH_SLOT_INFLIGHT)
			longest = max(longest, now - slot->since);
	return jiffies_to_msecs(longest);
}

static void reports_poll(void)
{
	unsigned long stop = READ_ONCE(stop_by);

	if (aborted)
		return;
	if (stop && time_after_eq(jiffies, stop)) {
		aborted = true;
		reporter->ops->abort(reporter);
	} else {
		reporter->ops->poll(reporter, reports_waited_ms());
	}
}

void mmh_reports_wait(void)
{
	if (!wait_event_timeout(completed_wait,
				mmh_slot_find(MMH_SLOT_COMPLETED), REPORT_POLL))
		reports_poll();
}

void mmh_slot_open(struct mmh_slot *slot)
{
	slot->report = (struct mmh_report){ .sg = slot->sg };
	sg_init_table(slot->sg, MMH_REPORT_MAX);
	mmh_slot_set_state(slot, MMH_SLOT_FILLING);
	/* Pairs with mmh_reports_stop(): it sees the slot, or the caller the stop. */
	smp_mb();
}

void mmh_slot_add(struct mmh_slot *slot, unsigned long pfn, unsigned long pages)
{
	unsigned int bytes = pages << PAGE_SHIFT;

	sg_set_page(&slot->sg[slot->report.nents++], pfn_to_page(pfn), bytes, 0);
	slot->report.bytes += bytes;
}

bool mmh_slot_is_full(const struct mmh_slot *slot)
{
	return slot->report.nents ==
	       min_t(unsigned int, reporter->capacity, MMH_REPORT_MAX);
}

int mmh_slot_submit(struct mmh_slot *slot)
{
	int err;

	if (mmh_slot_state(slot) != MMH_SLOT_INFLIGHT) {
		sg_mark_end(&slot->sg[slot->report.nents - 1]);
		WRITE_ONCE(slot->since, jiffies);
		mmh_slot_set_state(slot, MMH_SLOT_INFLIGHT);
	}
	err = reporter->ops->submit(reporter, &slot->report);
	if (err)
		slot->status = err;
	return err;
}

static void report_count(struct mmh_report_counts *counts,
			 const struct mmh_slot *slot)
{
	if (slot->status) {
		atomic64_inc(&counts->errors);
	} else {
		atomic64_inc(&counts->reports);
		atomic64_add(slot->report.bytes, &counts->bytes);
	}
}

int mmh_slot_account(const struct mmh_slot *slot)
{
	report_count(&mmh_counters.reported, slot);
	report_count(&reporter->reported, slot);
	trace_mmh_report(reporter->name, slot->report.nents, slot->report.bytes,
			 slot->status);
	return slot->status;
}

void mmh_report_done(struct mmh_report *report, int status)
{
	struct mmh_slot *slot = container_of(report, struct mmh_slot, report);

	slot->status = status;
	mmh_slot_set_state(slot, MMH_SLOT_COMPLETED);
	wake_up(&completed_wait);
}
EXPORT_SYMBOL_GPL(mmh_report_done);
