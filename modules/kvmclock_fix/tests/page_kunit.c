// SPDX-License-Identifier: GPL-2.0-only
/* Clock pages, read while a host writes them. */
#include <kunit/test.h>
#include <linux/kthread.h>
#include <linux/module.h>

#include <asm/pvclock-abi.h>

#include "../page.c"

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

/* All fields say the same number, as long as they are of one version. */
static int write_pages(void *data)
{
	struct pvclock_vcpu_time_info *clock = data;
	u32 i = 0;

	while (!kthread_should_stop()) {
		WRITE_ONCE(clock->version, 2 * i + 1);
		virt_wmb();
		WRITE_ONCE(clock->tsc_timestamp, i);
		WRITE_ONCE(clock->tsc_to_system_mul, i);
		WRITE_ONCE(clock->system_time, i);
		virt_wmb();
		WRITE_ONCE(clock->version, 2 * i + 2);
		if (!(++i % 64))
			cond_resched();
	}
	return 0;
}

static void what_is_read_is_of_one_version(struct kunit *test)
{
	struct pvclock_vcpu_time_info *clock;
	struct task_struct *writer;
	struct kf_page page;
	int i, read = 0;

	clock = kunit_kzalloc(test, sizeof(*clock), GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, clock);
	writer = kthread_run(write_pages, clock, "page_kunit");
	KUNIT_ASSERT_FALSE(test, IS_ERR(writer));
	for (i = 0; i < 20000; i++) {
		if (!(i % 64))
			cond_resched();
		if (!kf_page_read(&page, clock) || !page.version)
			continue;
		read++;
		KUNIT_EXPECT_EQ(test, page.version, 2 * (u32)page.line.ns + 2);
		KUNIT_EXPECT_EQ(test, page.line.tsc, (u64)page.line.ns);
		KUNIT_EXPECT_EQ(test, page.line.rate.mul, (u32)page.line.ns);
	}
	kthread_stop(writer);
	KUNIT_EXPECT_GT(test, read, 0);
}

static struct kunit_case page_cases[] = {
	KUNIT_CASE(every_field_is_taken_over),
	KUNIT_CASE(stable_is_one_flag_of_several),
	KUNIT_CASE(page_that_is_being_written_is_refused),
	KUNIT_CASE(what_is_read_is_of_one_version),
	{}
};

static struct kunit_suite page_suite = {
	.name = "kvmclock_fix_page",
	.test_cases = page_cases,
};

kunit_test_suite(page_suite);

MODULE_DESCRIPTION("KUnit tests of the reading of clock pages");
MODULE_LICENSE("GPL");
