/* SPDX-License-Identifier: GPL-2.0-only */
/* Which features to accept and how to use them: decisions only. */
#ifndef BALLOON_REPORT_FEATURES_H
#define BALLOON_REPORT_FEATURES_H

#include <linux/types.h>

/**
 * struct br_guest - properties of this guest
 * @init_on_free:    freed pages are zeroed
 * @poisoning:	     freed pages are filled with the poison byte, which is checked
 * @encrypted:	     the hypervisor cannot read the memory of the guest
 * @crash_kernel:    this kernel saves the memory of a crashed one
 * @want_reporting:  parameter reporting
 * @report_poisoned: parameter report_poisoned
 */
struct br_guest {
	bool init_on_free;
	bool poisoning;
	bool encrypted;
	bool crash_kernel;
	bool want_reporting;
	bool report_poisoned;
};

/**
 * struct br_plan - features and queues to use
 * @features:	 bits to accept
 * @queues:	 BIT(enum br_queue_id) of the queues that the device has
 * @poison_val:	 to write before DRIVER_OK if F_PAGE_POISON is accepted
 * @report:	 use the reporting queue
 * @inflate:	 inflate and hint
 * @off_reason:	 why reporting is off, or NULL
 */
struct br_plan {
	u64 features;
	unsigned int queues;
	u32 poison_val;
	bool report;
	bool inflate;
	const char *off_reason;
};

/**
 * br_features_plan() - decide which features to accept
 * @offered: feature bits that the device offers
 * @guest:   properties of this guest
 *
 * An offered STATS or HINT queue is always accepted.  Devices number their queues by
 * the features that they offer, so without one of them reports would go to another
 * queue.
 *
 * Return: the plan.
 */
struct br_plan br_features_plan(u64 offered, const struct br_guest *guest);

#endif /* BALLOON_REPORT_FEATURES_H */
