// SPDX-License-Identifier: GPL-2.0-only
/* The layout of the statistics, byte by byte. */
#include <kunit/test.h>
#include <linux/module.h>
#include <linux/string.h>

#include "../stats_encode.c"

static void entry_is_ten_bytes_little_endian(struct kunit *test)
{
	static const u8 want[] = { 4, 0, 0x88, 0x77, 0x66, 0x55,
				   0x44, 0x33, 0x22, 0x11 };
	struct virtio_balloon_stat entries[BR_STATS_MAX];
	struct br_stat_values v = { .have = BIT(VIRTIO_BALLOON_S_MEMFREE) };

	v.value[VIRTIO_BALLOON_S_MEMFREE] = 0x1122334455667788ULL;
	KUNIT_EXPECT_EQ(test, br_stats_encode(entries, &v, true), 1U);
	KUNIT_EXPECT_EQ(test, memcmp(entries, want, sizeof(want)), 0);
}

static void big_endian_device_is_swapped(struct kunit *test)
{
	static const u8 want[] = { 0, 4, 0x11, 0x22, 0x33, 0x44,
				   0x55, 0x66, 0x77, 0x88 };
	struct virtio_balloon_stat entries[BR_STATS_MAX];
	struct br_stat_values v = { .have = BIT(VIRTIO_BALLOON_S_MEMFREE) };

	v.value[VIRTIO_BALLOON_S_MEMFREE] = 0x1122334455667788ULL;
	br_stats_encode(entries, &v, false);
	KUNIT_EXPECT_EQ(test, memcmp(entries, want, sizeof(want)), 0);
}

static void nothing_gives_no_entry(struct kunit *test)
{
	struct virtio_balloon_stat entries[BR_STATS_MAX];
	struct br_stat_values v = {};

	KUNIT_EXPECT_EQ(test, br_stats_encode(entries, &v, true), 0U);
}

static void all_tags_come_in_order_and_once(struct kunit *test)
{
	struct virtio_balloon_stat entries[BR_STATS_MAX];
	struct br_stat_values v = { .have = BIT(BR_STATS_MAX) - 1 };
	unsigned int i;

	for (i = 0; i < BR_STATS_MAX; i++)
		v.value[i] = 1000 + i;
	KUNIT_ASSERT_EQ(test, br_stats_encode(entries, &v, true),
			(unsigned int)BR_STATS_MAX);
	for (i = 0; i < BR_STATS_MAX; i++) {
		KUNIT_EXPECT_EQ(test, __virtio16_to_cpu(true, entries[i].tag),
				i);
		KUNIT_EXPECT_EQ(test, __virtio64_to_cpu(true, entries[i].val),
				1000ULL + i);
	}
}

static void bits_beyond_the_tags_are_ignored(struct kunit *test)
{
	struct virtio_balloon_stat entries[BR_STATS_MAX];
	struct br_stat_values v = { .have = ~0U };

	KUNIT_EXPECT_EQ(test, br_stats_encode(entries, &v, true),
			(unsigned int)BR_STATS_MAX);
}

static struct kunit_case stats_cases[] = {
	KUNIT_CASE(entry_is_ten_bytes_little_endian),
	KUNIT_CASE(big_endian_device_is_swapped),
	KUNIT_CASE(nothing_gives_no_entry),
	KUNIT_CASE(all_tags_come_in_order_and_once),
	KUNIT_CASE(bits_beyond_the_tags_are_ignored),
	{}
};

static struct kunit_suite stats_suite = {
	.name = "balloon_report_stats",
	.test_cases = stats_cases,
};

kunit_test_suite(stats_suite);

MODULE_DESCRIPTION("KUnit tests of the statistics' layout");
MODULE_LICENSE("GPL");
