// SPDX-License-Identifier: GPL-2.0-only
/* Where a pass is, and where the next one begins: every corner. */
#include <kunit/test.h>
#include <linux/module.h>

#include "../native/cursor.c"

#define LARGEST 1024UL
#define RESUME (5 * LARGEST)

static void first_pass_goes_through_all(struct kunit *test)
{
	struct mmh_cursor c = mmh_cursor_begin(0);

	KUNIT_EXPECT_EQ(test, c.at, 0UL);
	KUNIT_EXPECT_EQ(test, c.end, ULONG_MAX);
	KUNIT_EXPECT_FALSE(test, mmh_cursor_wrap(&c));
}

static void pass_goes_once_round(struct kunit *test)
{
	struct mmh_cursor c = mmh_cursor_begin(RESUME);

	KUNIT_EXPECT_EQ(test, c.at, RESUME);
	KUNIT_EXPECT_EQ(test, c.end, ULONG_MAX);
	c.at = RESUME + 7;
	KUNIT_EXPECT_TRUE(test, mmh_cursor_wrap(&c));
	KUNIT_EXPECT_EQ(test, c.at, 0UL);
	KUNIT_EXPECT_EQ(test, c.end, RESUME);
}

static void pass_without_ration_begins_anew(struct kunit *test)
{
	struct mmh_cursor c = mmh_cursor_begin(RESUME);

	KUNIT_EXPECT_EQ(test, mmh_cursor_resume(&c, LARGEST), 0UL);
	mmh_cursor_wrap(&c);
	KUNIT_EXPECT_EQ(test, mmh_cursor_resume(&c, LARGEST), 0UL);
}

static void next_pass_begins_at_the_first_that_waited(struct kunit *test)
{
	struct mmh_cursor c = mmh_cursor_begin(RESUME);

	mmh_cursor_ration(&c, 9 * LARGEST);
	mmh_cursor_ration(&c, 12 * LARGEST);
	mmh_cursor_wrap(&c);
	mmh_cursor_ration(&c, LARGEST);
	KUNIT_EXPECT_EQ(test, mmh_cursor_resume(&c, LARGEST), 9 * LARGEST);
}

static void second_half_counts_where_nothing_waited_before(struct kunit *test)
{
	struct mmh_cursor c = mmh_cursor_begin(RESUME);

	mmh_cursor_wrap(&c);
	mmh_cursor_ration(&c, 2 * LARGEST);
	KUNIT_EXPECT_EQ(test, mmh_cursor_resume(&c, LARGEST), 2 * LARGEST);
}

/* A block that grew round the place is met as a whole, and once. */
static void next_pass_begins_at_a_border_of_blocks(struct kunit *test)
{
	unsigned long pfn;

	for (pfn = RESUME; pfn < RESUME + LARGEST; pfn += 31) {
		struct mmh_cursor c = mmh_cursor_begin(0);

		mmh_cursor_ration(&c, pfn);
		KUNIT_EXPECT_EQ(test, mmh_cursor_resume(&c, LARGEST), RESUME);
	}
}

static struct kunit_case cursor_cases[] = {
	KUNIT_CASE(first_pass_goes_through_all),
	KUNIT_CASE(pass_goes_once_round),
	KUNIT_CASE(pass_without_ration_begins_anew),
	KUNIT_CASE(next_pass_begins_at_the_first_that_waited),
	KUNIT_CASE(second_half_counts_where_nothing_waited_before),
	KUNIT_CASE(next_pass_begins_at_a_border_of_blocks),
	{}
};

static struct kunit_suite cursor_suite = {
	.name = "mm_hooks_cursor",
	.test_cases = cursor_cases,
};

kunit_test_suite(cursor_suite);

MODULE_DESCRIPTION("KUnit tests of the cursor of mm_hooks");
MODULE_LICENSE("GPL");
