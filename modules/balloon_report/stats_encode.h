/* SPDX-License-Identifier: GPL-2.0-only */
/* The layout of statistics for the device: no kernel state. */
#ifndef BALLOON_REPORT_STATS_ENCODE_H
#define BALLOON_REPORT_STATS_ENCODE_H

#include <linux/types.h>
#include <linux/virtio_balloon.h>

/* Tags that older uapi headers do not define.  The numbers are those of virtio. */
#define BR_S_OOM_KILL 10
#define BR_S_ALLOC_STALL 11
#define BR_S_ASYNC_SCAN 12
#define BR_S_DIRECT_SCAN 13
#define BR_S_ASYNC_RECLAIM 14
#define BR_S_DIRECT_RECLAIM 15
#define BR_STATS_MAX 16

/**
 * struct br_stat_values - one set of statistics
 * @value: by tag
 * @have:  BIT(tag) of the values that this kernel has.  It never changes, because
 *	   the device expects the same set each time
 */
struct br_stat_values {
	u64 value[BR_STATS_MAX];
	u32 have;
};

/**
 * br_stats_encode() - write the entries
 * @entries:	   room for BR_STATS_MAX
 * @values:	   what to write, by rising tag
 * @little_endian: the device's byte order
 *
 * Return: entries written.
 */
unsigned int br_stats_encode(struct virtio_balloon_stat *entries,
			     const struct br_stat_values *values,
			     bool little_endian);

#endif /* BALLOON_REPORT_STATS_ENCODE_H */
