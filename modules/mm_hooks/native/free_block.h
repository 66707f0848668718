/* SPDX-License-Identifier: GPL-2.0-only */
/* The free blocks of the allocator, by address. */
#ifndef MM_HOOKS_FREE_BLOCK_H
#define MM_HOOKS_FREE_BLOCK_H

#include <linux/types.h>

struct zone;

/**
 * struct free_block - a block on a free list
 * @pfn:   its first page frame
 * @order: its order
 */
struct free_block {
	unsigned long pfn;
	unsigned int order;
};

/**
 * free_block_around() - the free block that a page frame is in
 * @zone:  the zone
 * @pfn:   the page frame
 * @least: its order, at least
 * @block: what to fill
 *
 * Context: @zone->lock held.
 * Return: whether there is one.
 */
bool free_block_around(struct zone *zone, unsigned long pfn, unsigned int least,
		       struct free_block *block);

#endif /* MM_HOOKS_FREE_BLOCK_H */
