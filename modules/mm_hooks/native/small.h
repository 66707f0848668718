/* SPDX-License-Identifier: GPL-2.0-only */
/* Find small blocks that are unreported, and report them. */
#ifndef MMH_SMALL_H
#define MMH_SMALL_H

#include <linux/types.h>

#include "policy.h"
#include "small_walk.h"

struct zone;

/**
 * struct mmh_small - a pass for small blocks
 * @walk:  the walk; @walk.cut tells whether blocks may be left
 * @again: go on where the last pass was cut, otherwise begin anew
 * @sent:  reports were submitted
 * @discarded: pages that needed no report, the host has discarded them
 * @zone:  where the pass is
 * @memory: of the zone, as of this section of zone->lock
 * @counted: @memory is set
 * @later: the zone can do without more when blocks of it are put back
 * @scarce: the zone has too little free memory for more
 */
struct mmh_small {
	struct mmh_small_walk walk;
	bool again;
	bool sent;
	unsigned long discarded;
	struct zone *zone;
	struct mmh_policy_memory memory;
	bool counted;
	bool later;
	bool scarce;
};

/**
 * mmh_small_pass() - report small blocks, until all isolated blocks are put back
 * @s: the pass, of which @walk and @again are set
 *
 * Context: process, may sleep; one pass at a time.
 * Return: 0 or the first error.
 */
int mmh_small_pass(struct mmh_small *s);

#endif /* MMH_SMALL_H */
