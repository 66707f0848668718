/* SPDX-License-Identifier: GPL-2.0-only */
/* A pass through the maps of all zones. */
#ifndef MMH_PASS_H
#define MMH_PASS_H

#include <linux/types.h>

#include "policy.h"

/**
 * struct mmh_pass - what a pass found
 * @sent:   reports were submitted
 * @freed:  memory was freed since the one before
 * @cut:    memory that may be reported is left
 * @stuck:  blocks cannot be isolated now, and no event tells when they can
 * @wait:   jiffies until there is more to do; ULONG_MAX when nothing is left
 */
struct mmh_pass {
	bool sent;
	bool freed;
	bool cut;
	bool stuck;
	unsigned long wait;
};

/**
 * mmh_pass_run() - through all zones once, until all isolated blocks are put back
 * @policy: what holds for it
 * @pass:   what to fill
 *
 * Context: process, may sleep; one at a time.
 * Return: 0 or the first error.
 */
int mmh_pass_run(struct mmh_policy policy, struct mmh_pass *pass);

#endif /* MMH_PASS_H */
