/* SPDX-License-Identifier: GPL-2.0-only */
/* Which features to accept, and what to use them for: decisions only. */
#ifndef BALLOON_REPORT_FEATURES_H
#define BALLOON_REPORT_FEATURES_H

#include <linux/types.h>

/**
 * struct br_guest - what this guest is like
 * @init_on_free:    freed pages are zeroed
 * @poisoning:	     freed pages are filled with the poison byte, and checked
 * @encrypted:	     the host cannot read the guest's memory
 * @crashed:	     this kernel saves the memory of one that has crashed
 * @want_reporting:  parameter reporting
 * @report_poisoned: parameter report_poisoned
 */
struct br_guest {
	bool init_on_free;
	bool poisoning;
	bool encrypted;
	bool crashed;
	bool want_reporting;
	bool report_poisoned;
};

/**
 * struct br_plan - what came of it
 * @features:	 bits to accept
 * @queues:	 BIT(enum br_queue_id) of the queues that the host has
 * @poison_val:	 to write before DRIVER_OK, when F_PAGE_POISON is accepted
 * @report:	 use the reporting queue
 * @inflate:	 give memory to the host at all
 * @why_not:	 why reporting is off although it is offered, or NULL
 */
struct br_plan {
	u64 features;
	unsigned int queues;
	u32 poison_val;
	bool report;
	bool inflate;
	const char *why_not;
};

/**
 * br_features_plan() - decide
 * @offered: feature bits that the host offers
 * @guest:   what this guest is like
 *
 * An offered STATS or HINT queue is always accepted: hosts number their queues
 * by what they offer, so declining one would send reports into another.
 *
 * Return: the plan.
 */
struct br_plan br_features_plan(u64 offered, const struct br_guest *guest);

#endif /* BALLOON_REPORT_FEATURES_H */
