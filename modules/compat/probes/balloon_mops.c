// SPDX-License-Identifier: GPL-2.0-only
/* v6.0, "mm: Convert all PageMovable users to movable_operations" */
#include <linux/balloon_compaction.h>

const void *vmhooks_probe(void);
const void *vmhooks_probe(void)
{
	return &balloon_mops;
}
