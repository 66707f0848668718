// SPDX-License-Identifier: GPL-2.0-only
/* A bitmap with levels above it, against a plain one. */
#include <kunit/test.h>
#include <linux/module.h>

#include "../native/summary.c"
#include "map.h"

static struct mmh_summary make(struct kunit *test, unsigned long bits)
{
	struct mmh_summary s;

	mmh_summary_init(&s, bits, map_memory(test, mmh_summary_memory(bits)));
	return s;
}

static void levels_end_in_one_word(struct kunit *test)
{
	KUNIT_EXPECT_EQ(test, make(test, 1).levels, 1U);
	KUNIT_EXPECT_EQ(test, make(test, 64).levels, 1U);
	KUNIT_EXPECT_EQ(test, make(test, 65).levels, 2U);
	KUNIT_EXPECT_EQ(test, make(test, 64 * 64).levels, 2U);
	KUNIT_EXPECT_EQ(test, make(test, 64 * 64 + 1).levels, 3U);
	/* 2^52 bytes, all that a page table can map. */
	KUNIT_EXPECT_EQ(test, levels_of(BIT(52 - 12 - 15)), SUMMARY_LEVELS + 0U);
	KUNIT_EXPECT_EQ(test, mmh_summary_memory(1), 8UL);
	KUNIT_EXPECT_EQ(test, mmh_summary_memory(65), 24UL);
}

static void nothing_is_found_where_nothing_is(struct kunit *test)
{
	static const unsigned long sizes[] = { 1, 63, 64, 65, 4096, 4097, 300000 };
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(sizes); i++) {
		struct mmh_summary s = make(test, sizes[i]);

		KUNIT_EXPECT_EQ(test, mmh_summary_next(&s, 0), sizes[i]);
		KUNIT_EXPECT_EQ(test, mmh_summary_next(&s, sizes[i] - 1), sizes[i]);
		KUNIT_EXPECT_EQ(test, mmh_summary_next(&s, sizes[i]), sizes[i]);
		mmh_summary_set(&s, sizes[i] - 1);
		KUNIT_EXPECT_EQ(test, mmh_summary_next(&s, 0), sizes[i] - 1);
		mmh_summary_clear(&s, sizes[i] - 1);
		KUNIT_EXPECT_EQ(test, mmh_summary_next(&s, 0), sizes[i]);
	}
}

/* Every bit of a stride, from every place, as a plain bitmap has it. */
static void finds_what_a_plain_bitmap_does(struct kunit *test)
{
	static const unsigned long strides[] = { 1, 3, 63, 64, 65, 1000, 4095, 4096, 4097 };
	const unsigned long bits = 3 * 4096 + 17;
	struct mmh_summary s = make(test, bits);
	unsigned long *plain = map_memory(test, BITS_TO_LONGS(bits) * sizeof(long));
	unsigned long i, bit;

	for (i = 0; i < ARRAY_SIZE(strides); i++) {
		for (bit = strides[i] / 2; bit < bits; bit += strides[i]) {
			mmh_summary_set(&s, bit);
			__set_bit(bit, plain);
		}
		for (bit = 0; bit < bits; bit++)
			KUNIT_ASSERT_EQ(test, mmh_summary_next(&s, bit),
					find_next_bit(plain, bits, bit));
		/* Every other one goes, so that some words stay and others become empty. */
		for (bit = 0; bit < bits; bit += i + 2) {
			mmh_summary_clear(&s, bit);
			__clear_bit(bit, plain);
		}
		for (bit = 0; bit < bits; bit++)
			KUNIT_ASSERT_EQ(test, mmh_summary_next(&s, bit),
					find_next_bit(plain, bits, bit));
	}
}

static struct kunit_case summary_cases[] = {
	KUNIT_CASE(levels_end_in_one_word),
	KUNIT_CASE(nothing_is_found_where_nothing_is),
	KUNIT_CASE(finds_what_a_plain_bitmap_does),
	{}
};

static struct kunit_suite summary_suite = {
	.name = "mm_hooks_summary",
	.test_cases = summary_cases,
};

kunit_test_suite(summary_suite);

MODULE_DESCRIPTION("KUnit tests of the summary of a map of mm_hooks");
MODULE_LICENSE("GPL");
