// SPDX-License-Identifier: GPL-2.0-only
/* The memory of a map: blocks.c and leaf.c know no kernel state. */
#include <linux/gfp.h>
#include <linux/mm.h>
#include <linux/slab.h>

#include "blocks.h"

struct mmh_blocks *mmh_blocks_alloc(int nid, unsigned long base, unsigned long pages,
				    unsigned int order)
{
	struct mmh_blocks *b = kzalloc_node(sizeof(*b), GFP_KERNEL, nid);
	void *memory = kvzalloc_node(mmh_blocks_memory(pages), GFP_KERNEL, nid);

	if (!b || !memory) {
		kfree(b);
		kvfree(memory);
		return NULL;
	}
	mmh_blocks_init(b, base, pages, order, memory);
	return b;
}

void mmh_blocks_free(struct mmh_blocks *b)
{
	if (!b)
		return;
	kvfree(b->leaves);
	kfree(b);
}

void mmh_blocks_destroy(struct mmh_blocks *b)
{
	unsigned long i;

	for (i = 0; b && i < b->shown[0].bits; i++)
		mmh_blocks_free_leaf(b->leaves[i]);
	mmh_blocks_free(b);
}

struct mmh_leaf *mmh_blocks_alloc_leaf(int nid, unsigned int order, u32 now)
{
	struct mmh_leaf *leaf = kzalloc_node(sizeof(*leaf), GFP_KERNEL, nid);
	void *bits = kzalloc_node(mmh_leaf_bits_memory(order), GFP_KERNEL, nid);
	void *stamps = kzalloc_node(mmh_leaf_stamps_memory(), GFP_KERNEL, nid);

	if (!leaf || !bits || !stamps) {
		kfree(leaf);
		kfree(bits);
		kfree(stamps);
		return NULL;
	}
	mmh_leaf_init(leaf, order, bits, stamps, now);
	return leaf;
}

void mmh_blocks_free_leaf(struct mmh_leaf *leaf)
{
	if (!leaf)
		return;
	kfree(leaf->unreported);
	kfree(leaf->stamps);
	kfree(leaf);
}
