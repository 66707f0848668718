// SPDX-License-Identifier: GPL-2.0-only
/* The layout of statistics for the device: no kernel state. */
#include "stats_encode.h"

#include <linux/bits.h>
#include <linux/build_bug.h>
#include <linux/virtio_byteorder.h>

unsigned int br_stats_encode(struct virtio_balloon_stat *entries,
			     const struct br_stat_values *values,
			     bool little_endian)
{
	unsigned int tag, n = 0;

	BUILD_BUG_ON(sizeof(*entries) != 10);
	for (tag = 0; tag < BR_STATS_MAX; tag++) {
		if (!(values->have & BIT(tag)))
			continue;
		entries[n].tag = __cpu_to_virtio16(little_endian, tag);
		entries[n].val = __cpu_to_virtio64(little_endian,
						   values->value[tag]);
		n++;
	}
	return n;
}
