/* SPDX-License-Identifier: GPL-2.0-only */
/* Maps for tests: their memory is that of the test. */
#ifndef MMH_TESTS_MAP_H
#define MMH_TESTS_MAP_H

#include <kunit/test.h>

#include "../native/blocks.h"

static inline void *map_memory(struct kunit *test, size_t bytes)
{
	void *memory = kunit_kzalloc(test, bytes, GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, memory);
	return memory;
}

static inline struct mmh_leaf *map_leaf(struct kunit *test, unsigned int unit_order, u32 now)
{
	struct mmh_leaf *leaf = map_memory(test, sizeof(*leaf));

	mmh_leaf_init(leaf, unit_order, map_memory(test, mmh_leaf_bits_memory(unit_order)),
		      map_memory(test, mmh_leaf_stamps_memory()), now);
	return leaf;
}

/* A map without leaves. */
static inline struct mmh_blocks map_table(struct kunit *test, unsigned long base,
					  unsigned long pages, unsigned int unit_order)
{
	struct mmh_blocks b;

	mmh_blocks_init(&b, base, pages, unit_order,
			map_memory(test, mmh_blocks_memory(pages)));
	return b;
}

/* A map of which everything is unreported. */
static inline struct mmh_blocks map_make(struct kunit *test, unsigned long base,
					 unsigned long pages, unsigned int unit_order, u32 now)
{
	struct mmh_blocks b = map_table(test, base, pages, unit_order);
	unsigned long pfn;

	for (pfn = base; pfn < base + pages; pfn += LEAF_PAGES)
		mmh_blocks_add(&b, pfn, map_leaf(test, unit_order, now));
	return b;
}

#endif /* MMH_TESTS_MAP_H */
