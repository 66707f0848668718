/* SPDX-License-Identifier: GPL-2.0-only */
/* Free pages in the lists of the processors, where no engine can take them. */
#ifndef MM_HOOKS_PCP_H
#define MM_HOOKS_PCP_H

#include <linux/types.h>

/* 8 MiB: fewer are what these lists are for. */
#define PCP_MANY 2048

/**
 * pcp_drain() - empty the lists of the processors if they hold much
 * @many: do nothing for fewer pages
 * @age:  jiffies for which what comes out of them counts as free already
 *
 * After a program that allocates and frees a lot they may hold an eighth of a
 * zone, and let go of it within seconds only.
 *
 * Context: the pass, may sleep.
 */
void pcp_drain(unsigned long many, u32 age);

#endif /* MM_HOOKS_PCP_H */
