// SPDX-License-Identifier: GPL-2.0-only
/* The memory of a map: blocks.c itself knows no kernel state. */
#include <linux/gfp.h>
#include <linux/mm.h>
#include <linux/slab.h>

#include "blocks.h"

struct blocks *blocks_alloc(int nid, unsigned long base, unsigned long pages,
			    unsigned int order, u32 now)
{
	struct blocks *b = kzalloc_node(sizeof(*b), GFP_KERNEL, nid);
	void *memory = kvzalloc_node(blocks_memory(pages, order), GFP_KERNEL, nid);

	if (!b || !memory) {
		kfree(b);
		kvfree(memory);
		return NULL;
	}
	blocks_init(b, base, pages, order, memory, now);
	return b;
}

void blocks_free(struct blocks *b)
{
	if (!b)
		return;
	kvfree(b->fresh);
	kfree(b);
}
