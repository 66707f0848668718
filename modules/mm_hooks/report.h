/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Reports from submission to completion, for both engines.
 *
 * An engine has one slot for each report that it may have in flight.  One engine
 * is attached at a time, so there is one set of slots.
 */
#ifndef MMH_REPORT_H
#define MMH_REPORT_H

#include <linux/list.h>
#include <linux/scatterlist.h>
#include <linux/types.h>

#include <vmhooks/mm_hooks.h>

/**
 * enum mmh_slot_state - where the report of a slot is
 * @MMH_SLOT_IDLE:      there is none
 * @MMH_SLOT_FILLING:   the pass adds blocks
 * @MMH_SLOT_INFLIGHT:  the reporter has it
 * @MMH_SLOT_COMPLETED: the reporter has called mmh_report_done()
 */
enum mmh_slot_state {
	MMH_SLOT_IDLE,
	MMH_SLOT_FILLING,
	MMH_SLOT_INFLIGHT,
	MMH_SLOT_COMPLETED,
};

/**
 * struct mmh_slot - room for a report
 * @report: what the reporter gets
 * @sg:     its table, of which @report.nents entries are filled
 * @node:   in the list of slots
 * @since:  jiffies of the submission
 * @status: of the report, once @state is MMH_SLOT_COMPLETED
 * @state:  enum mmh_slot_state; see mmh_slot_state()
 *
 * mmh_report_done() writes @status and turns MMH_SLOT_INFLIGHT into
 * MMH_SLOT_COMPLETED.  The pass writes all else.
 */
struct mmh_slot {
	struct mmh_report report;
	struct scatterlist sg[MMH_REPORT_MAX];
	struct list_head node;
	unsigned long since;
	int status;
	int state;
};

/* The state of a slot, in any context: what was written before it is seen, too. */
static inline int mmh_slot_state(const struct mmh_slot *slot)
{
	/* Pairs with mmh_slot_set_state(). */
	return smp_load_acquire(&slot->state);
}

static inline void mmh_slot_set_state(struct mmh_slot *slot, int state)
{
	/* Pairs with mmh_slot_state(). */
	smp_store_release(&slot->state, state);
}

/**
 * mmh_reports_start() - serve a reporter
 * @rep: the reporter
 *
 * Forgets the slots of the last engine.  Context: process, no pass runs.
 */
void mmh_reports_start(struct mmh_reporter *rep);

/**
 * mmh_reports_stop() - submit nothing any more
 * @patience: jiffies until the reporter is told to abort; 0 to go on
 *
 * Context: any.
 */
void mmh_reports_stop(unsigned long patience);

/* Was mmh_reports_stop() called with a patience?  Context: any. */
bool mmh_reports_are_stopped(void);

/**
 * mmh_blocks_are_small() - is one of some blocks smaller than report_order?
 * @sg:    the blocks
 * @nents: how many
 *
 * Context: any.
 * Return: whether one is.
 */
bool mmh_blocks_are_small(struct scatterlist *sg, unsigned int nents);

/**
 * mmh_reports_wait() - wait until a report in flight completes
 *
 * Returns after half a second in any case.  By then it has let the reporter poll,
 * or abort when mmh_reports_stop() says so.  The caller waits again: until the
 * device has completed a report, or can no longer reach its blocks, no other code
 * may have them.
 *
 * Context: the pass, may sleep.
 */
void mmh_reports_wait(void);

/**
 * mmh_slot_register() - add a slot
 * @slot: stays valid while the engine is attached
 *
 * Context: process, after mmh_reports_start(), no pass runs.
 */
void mmh_slot_register(struct mmh_slot *slot);

/* A slot in that state, or NULL.  Context: the pass. */
struct mmh_slot *mmh_slot_find(int state);

/* Begin to fill an idle slot.  Context: the pass. */
void mmh_slot_open(struct mmh_slot *slot);

/**
 * mmh_slot_add() - add a range to a report
 * @slot:  the slot, while mmh_slot_is_full() says no
 * @pfn:   first page frame
 * @pages: how many
 *
 * Context: the pass.
 */
void mmh_slot_add(struct mmh_slot *slot, unsigned long pfn, unsigned long pages);

/* Has the report as many ranges as the reporter takes?  Context: the pass. */
bool mmh_slot_is_full(const struct mmh_slot *slot);

/**
 * mmh_slot_submit() - hand a report to the reporter
 * @slot: the slot, with one range or more
 *
 * May be called again after -ENOSPC; the submission keeps its time.
 *
 * Context: the pass, may sleep.
 * Return: 0, or the error of the reporter, which is the status of the report then.
 */
int mmh_slot_submit(struct mmh_slot *slot);

/**
 * mmh_slot_account() - count and trace a report that is completed or was refused
 * @slot: the slot
 *
 * The one place where reports are counted: in all, and for their reporter.
 *
 * Context: the pass.
 * Return: the status of the report.
 */
int mmh_slot_account(const struct mmh_slot *slot);

#endif /* MMH_REPORT_H */
