/* SPDX-License-Identifier: GPL-2.0-only */
/* How old a block below report_order has to be, for both engines. */
#ifndef MMH_SMALL_AGE_H
#define MMH_SMALL_AGE_H

#include <linux/minmax.h>
#include <linux/types.h>

/* So many min_age_ms, doubled by each level, and this long at least. */
#define SMALL_AGES 10
#define SMALL_AGE_MS 2000

/**
 * mmh_small_age() - how old a block below report_order has to be
 * @min_age: the parameter min_age_ms, in ticks
 * @level:   how far reporting has backed off
 * @second:  ticks of a second
 *
 * Return: ticks.
 */
static inline u64 mmh_small_age(u32 min_age, unsigned int level, u32 second)
{
	return max_t(u64, ((u64)min_age * SMALL_AGES) << level,
		     (u64)second * SMALL_AGE_MS / 1000);
}

#endif /* MMH_SMALL_AGE_H */
