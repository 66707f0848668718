// SPDX-License-Identifier: GPL-2.0-only
/* Copying and reading pvclock pages. */
#include <kunit/test.h>
#include <linux/module.h>

#include <asm/pvclock-abi.h>

#include "../line.c"
#include "../audit.c"

static const struct pvclock_vcpu_time_info sample = {
	.version = 6,
	.tsc_timestamp = 1ULL << 40,
	.system_time = -70ULL,
	.tsc_to_system_mul = 0x80000001,
	.tsc_shift = -1,
	.flags = PVCLOCK_TSC_STABLE_BIT | PVCLOCK_GUEST_STOPPED,
};

static void every_field_is_taken_over(struct kunit *test)
{
	struct kf_page page;

	kf_page_copy(&page, &sample);
	KUNIT_EXPECT_EQ(test, page.version, 6U);
	KUNIT_EXPECT_EQ(test, page.line.tsc, 1ULL << 40);
	KUNIT_EXPECT_EQ(test, page.line.ns, -70LL);
	KUNIT_EXPECT_EQ(test, page.line.rate.mul, 0x80000001U);
	KUNIT_EXPECT_EQ(test, page.line.rate.shift, (s8)-1);
	KUNIT_EXPECT_TRUE(test, page.stable);
}

static void stable_is_one_flag_of_several(struct kunit *test)
{
	struct pvclock_vcpu_time_info clock = sample;
	struct kf_page page;

	clock.flags = PVCLOCK_GUEST_STOPPED;
	kf_page_copy(&page, &clock);
	KUNIT_EXPECT_FALSE(test, page.stable);
}

static void page_that_is_being_written_is_refused(struct kunit *test)
{
	struct pvclock_vcpu_time_info clock = sample;
	struct kf_page page;

	KUNIT_EXPECT_TRUE(test, kf_page_read(&page, &clock));
	clock.version++;
	KUNIT_EXPECT_FALSE(test, kf_page_read(&page, &clock));
}

static struct kunit_case page_cases[] = {
	KUNIT_CASE(every_field_is_taken_over),
	KUNIT_CASE(stable_is_one_flag_of_several),
	KUNIT_CASE(page_that_is_being_written_is_refused),
	{}
};

static struct kunit_suite page_suite = {
	.name = "kvmclock_fix_page",
	.test_cases = page_cases,
};

kunit_test_suite(page_suite);

MODULE_DESCRIPTION("KUnit tests of the reading of clock pages");
MODULE_LICENSE("GPL");
