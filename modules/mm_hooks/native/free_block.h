/* SPDX-License-Identifier: GPL-2.0-only */
/* The free blocks of the allocator, by address. */
#ifndef MMH_FREE_BLOCK_H
#define MMH_FREE_BLOCK_H

#include <linux/types.h>

struct zone;

/**
 * struct mmh_free_block - a block on a free list
 * @pfn:   its first page frame
 * @order: its order
 */
struct mmh_free_block {
	unsigned long pfn;
	unsigned int order;
};

/**
 * mmh_free_block_find() - the free block that a page frame is in
 * @zone:  the zone
 * @pfn:   the page frame
 * @least: its order, at least
 * @block: what to fill
 *
 * Context: @zone->lock held.
 * Return: whether there is one.
 */
bool mmh_free_block_find(struct zone *zone, unsigned long pfn, unsigned int least,
			 struct mmh_free_block *block);

#endif /* MMH_FREE_BLOCK_H */
