// SPDX-License-Identifier: GPL-2.0-only
/* How much memory hinting may allocate. */
#include <kunit/test.h>
#include <linux/limits.h>
#include <linux/module.h>

#include "../hint_budget.c"

/* In pages: memory, and a block of 4 MiB. */
#define KIB(n) ((n) * 1ULL >> (PAGE_SHIFT - 10))
#define BLOCK BIT_ULL(22 - PAGE_SHIFT)

static void all_above_the_floor_is_hinted(struct kunit *test)
{
	struct br_hint_memory memory = { .available = 100000, .floor = 16384 };

	/* A device that uses each block at once. */
	while (br_hint_check_budget(&memory, BLOCK) == BR_HINT_ALLOC) {
		memory.available -= BLOCK;
		memory.retained += BLOCK;
	}
	KUNIT_EXPECT_EQ(test, br_hint_check_budget(&memory, BLOCK), BR_HINT_END);
	KUNIT_EXPECT_GE(test, memory.available, memory.floor);
	KUNIT_EXPECT_LT(test, memory.available, memory.floor + BLOCK);
}

/* Return: pages in flight with a device that uses none. */
static u64 silent_device_has(struct kunit *test, u64 available)
{
	struct br_hint_memory memory = { .available = available };

	while (br_hint_check_budget(&memory, BLOCK) == BR_HINT_ALLOC) {
		memory.available -= BLOCK;
		memory.pending += BLOCK;
	}
	KUNIT_EXPECT_EQ(test, br_hint_check_budget(&memory, BLOCK), BR_HINT_WAIT);
	return memory.pending;
}

static void silent_device_gets_a_share(struct kunit *test)
{
	/* 400 MiB, 1 GiB, 16 GiB */
	KUNIT_EXPECT_EQ(test, silent_device_has(test, KIB(400 << 10)), 12 * BLOCK);
	KUNIT_EXPECT_EQ(test, silent_device_has(test, KIB(1 << 20)), 16 * BLOCK);
	KUNIT_EXPECT_EQ(test, silent_device_has(test, KIB(16 << 20)), 128 * BLOCK);
}

static void slow_device_gets_more_after_each_used_block(struct kunit *test)
{
	struct br_hint_memory memory = {
		.available = KIB(352 << 10), .pending = 12 * BLOCK
	};

	KUNIT_EXPECT_EQ(test, br_hint_check_budget(&memory, BLOCK), BR_HINT_WAIT);
	memory.pending -= BLOCK;
	memory.retained += BLOCK;
	KUNIT_EXPECT_EQ(test, br_hint_check_budget(&memory, BLOCK), BR_HINT_ALLOC);
}

static void retained_blocks_do_not_shrink_the_share(struct kunit *test)
{
	struct br_hint_memory memory = {
		.available = KIB(40448), .retained = KIB(320000), .pending = 11 * BLOCK
	};

	KUNIT_EXPECT_EQ(test, br_hint_check_budget(&memory, BLOCK), BR_HINT_ALLOC);
}

static void small_guest_hints_a_block_at_a_time(struct kunit *test)
{
	struct br_hint_memory memory = { .available = 4 * BLOCK };

	KUNIT_EXPECT_EQ(test, br_hint_check_budget(&memory, BLOCK), BR_HINT_ALLOC);
	memory.available -= BLOCK;
	memory.pending = BLOCK;
	KUNIT_EXPECT_EQ(test, br_hint_check_budget(&memory, BLOCK), BR_HINT_WAIT);
}

static void floor_comes_before_the_share(struct kunit *test)
{
	struct br_hint_memory memory = {
		.available = 2 * BLOCK, .floor = BLOCK + 1, .pending = 99999
	};

	KUNIT_EXPECT_EQ(test, br_hint_check_budget(&memory, BLOCK), BR_HINT_END);
	memory.floor = BLOCK;
	KUNIT_EXPECT_EQ(test, br_hint_check_budget(&memory, BLOCK), BR_HINT_WAIT);
	memory.floor = U32_MAX;
	memory.pending = 0;
	KUNIT_EXPECT_EQ(test, br_hint_check_budget(&memory, BLOCK), BR_HINT_END);
}

static void guest_below_its_floor_frees_blocks(struct kunit *test)
{
	struct br_hint_memory memory = {
		.available = 1000, .floor = 1000, .retained = 5000, .pending = 7
	};

	KUNIT_EXPECT_EQ(test, br_hint_deficit(&memory), 0ULL);
	memory.available = 999;
	KUNIT_EXPECT_EQ(test, br_hint_deficit(&memory), 1ULL);
	memory.available = 0;
	KUNIT_EXPECT_EQ(test, br_hint_deficit(&memory), 1000ULL);
	memory.retained = 300;
	KUNIT_EXPECT_EQ(test, br_hint_deficit(&memory), 300ULL);
	memory.retained = 0;
	KUNIT_EXPECT_EQ(test, br_hint_deficit(&memory), 0ULL);
}

static struct kunit_case hint_budget_cases[] = {
	KUNIT_CASE(all_above_the_floor_is_hinted),
	KUNIT_CASE(silent_device_gets_a_share),
	KUNIT_CASE(slow_device_gets_more_after_each_used_block),
	KUNIT_CASE(retained_blocks_do_not_shrink_the_share),
	KUNIT_CASE(small_guest_hints_a_block_at_a_time),
	KUNIT_CASE(floor_comes_before_the_share),
	KUNIT_CASE(guest_below_its_floor_frees_blocks),
	{}
};

static struct kunit_suite hint_budget_suite = {
	.name = "balloon_report_hint_budget",
	.test_cases = hint_budget_cases,
};

kunit_test_suite(hint_budget_suite);

MODULE_DESCRIPTION("KUnit tests of how much hinting may allocate");
MODULE_LICENSE("GPL");
