// SPDX-License-Identifier: GPL-2.0-only
/* How much of the guest's memory hinting may take. */
#include <kunit/test.h>
#include <linux/limits.h>
#include <linux/module.h>

#include "../hint_room.c"

#define BLOCK 1024

static void all_above_the_floor_is_taken(struct kunit *test)
{
	struct br_hint_memory memory = { .available = 100000, .floor = 16384 };

	/* A host that answers each block at once. */
	while (br_hint_room(&memory, BLOCK) == BR_HINT_TAKE) {
		memory.available -= BLOCK;
		memory.acked += BLOCK;
	}
	KUNIT_EXPECT_EQ(test, br_hint_room(&memory, BLOCK), BR_HINT_ENOUGH);
	KUNIT_EXPECT_GE(test, memory.available, memory.floor);
	KUNIT_EXPECT_LT(test, memory.available, memory.floor + BLOCK);
}

/* Return: pages that a host has which never answers. */
static u64 silent_host_has(struct kunit *test, u64 available)
{
	struct br_hint_memory memory = { .available = available };

	while (br_hint_room(&memory, BLOCK) == BR_HINT_TAKE) {
		memory.available -= BLOCK;
		memory.pending += BLOCK;
	}
	KUNIT_EXPECT_EQ(test, br_hint_room(&memory, BLOCK), BR_HINT_WAIT);
	return memory.pending;
}

static void silent_host_gets_a_share(struct kunit *test)
{
	/* 400 MiB, 1 GiB, 16 GiB */
	KUNIT_EXPECT_EQ(test, silent_host_has(test, 102400), 12ULL * BLOCK);
	KUNIT_EXPECT_EQ(test, silent_host_has(test, 262144), 16ULL * BLOCK);
	KUNIT_EXPECT_EQ(test, silent_host_has(test, 4194304), 128ULL * BLOCK);
}

static void late_host_gets_more_after_each_answer(struct kunit *test)
{
	struct br_hint_memory memory = {
		.available = 90112, .pending = 12 * BLOCK
	};

	KUNIT_EXPECT_EQ(test, br_hint_room(&memory, BLOCK), BR_HINT_WAIT);
	memory.pending -= BLOCK;
	memory.acked += BLOCK;
	KUNIT_EXPECT_EQ(test, br_hint_room(&memory, BLOCK), BR_HINT_TAKE);
}

static void share_does_not_shrink_with_what_is_acked(struct kunit *test)
{
	struct br_hint_memory memory = {
		.available = 10112, .acked = 80000, .pending = 11 * BLOCK
	};

	KUNIT_EXPECT_EQ(test, br_hint_room(&memory, BLOCK), BR_HINT_TAKE);
}

static void small_guest_hints_a_block_at_a_time(struct kunit *test)
{
	struct br_hint_memory memory = { .available = 4 * BLOCK };

	KUNIT_EXPECT_EQ(test, br_hint_room(&memory, BLOCK), BR_HINT_TAKE);
	memory.available -= BLOCK;
	memory.pending = BLOCK;
	KUNIT_EXPECT_EQ(test, br_hint_room(&memory, BLOCK), BR_HINT_WAIT);
}

static void floor_comes_before_the_share(struct kunit *test)
{
	struct br_hint_memory memory = {
		.available = 2 * BLOCK, .floor = BLOCK + 1, .pending = 99999
	};

	KUNIT_EXPECT_EQ(test, br_hint_room(&memory, BLOCK), BR_HINT_ENOUGH);
	memory.floor = BLOCK;
	KUNIT_EXPECT_EQ(test, br_hint_room(&memory, BLOCK), BR_HINT_WAIT);
	memory.floor = U32_MAX;
	memory.pending = 0;
	KUNIT_EXPECT_EQ(test, br_hint_room(&memory, BLOCK), BR_HINT_ENOUGH);
}

static void guest_below_its_floor_has_blocks_back(struct kunit *test)
{
	struct br_hint_memory memory = {
		.available = 1000, .floor = 1000, .acked = 5000, .pending = 7
	};

	KUNIT_EXPECT_EQ(test, br_hint_due(&memory), 0ULL);
	memory.available = 999;
	KUNIT_EXPECT_EQ(test, br_hint_due(&memory), 1ULL);
	memory.available = 0;
	KUNIT_EXPECT_EQ(test, br_hint_due(&memory), 1000ULL);
	memory.acked = 300;
	KUNIT_EXPECT_EQ(test, br_hint_due(&memory), 300ULL);
	memory.acked = 0;
	KUNIT_EXPECT_EQ(test, br_hint_due(&memory), 0ULL);
}

static struct kunit_case hint_room_cases[] = {
	KUNIT_CASE(all_above_the_floor_is_taken),
	KUNIT_CASE(silent_host_gets_a_share),
	KUNIT_CASE(late_host_gets_more_after_each_answer),
	KUNIT_CASE(share_does_not_shrink_with_what_is_acked),
	KUNIT_CASE(small_guest_hints_a_block_at_a_time),
	KUNIT_CASE(floor_comes_before_the_share),
	KUNIT_CASE(guest_below_its_floor_has_blocks_back),
	{}
};

static struct kunit_suite hint_room_suite = {
	.name = "balloon_report_hint_room",
	.test_cases = hint_room_cases,
};

kunit_test_suite(hint_room_suite);

MODULE_DESCRIPTION("KUnit tests of what hinting may take");
MODULE_LICENSE("GPL");
