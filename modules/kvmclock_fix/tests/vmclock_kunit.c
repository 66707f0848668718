// SPDX-License-Identifier: GPL-2.0-only
/* Reading vmclock's page, and the time in it. */
#include <kunit/test.h>
#include <linux/module.h>

#include "../vmclock.c"

#define YEAR_SEC (365ULL * 24 * 3600)

/* Of a TSC of 2.5 GHz: 2^(64 + 31) / 2500000000, with all of the 64 bits in use. */
#define PERIOD_SHIFT 31
#define PERIOD 0xdbe6fecebdedd5beULL
#define HZ_OF_TSC 2500000000ULL

static void fill(struct kf_vmclock_abi *page)
{
	*page = (struct kf_vmclock_abi){
		.magic = cpu_to_le32(KF_VMCLOCK_MAGIC),
		.size = cpu_to_le32(sizeof(*page)),
		.version = cpu_to_le16(1),
		.counter_id = KF_VMCLOCK_TSC,
		.time_type = KF_VMCLOCK_TAI,
		.seq_count = cpu_to_le32(4),
		.disruption_marker = cpu_to_le64(7),
		.clock_status = KF_VMCLOCK_SYNCHRONIZED,
		.period_shift = PERIOD_SHIFT,
		.counter_value = cpu_to_le64(1000),
		.period_frac_sec = cpu_to_le64(PERIOD),
		.time_sec = cpu_to_le64(50 * YEAR_SEC),
		.time_frac_sec = cpu_to_le64(1ULL << 63),
	};
}

static void a_page_has_magic_version_and_size(struct kunit *test)
{
	struct kf_vmclock_abi page;

	fill(&page);
	KUNIT_EXPECT_TRUE(test, kf_vmclock_is_page(&page, 4096));
	KUNIT_EXPECT_FALSE(test, kf_vmclock_is_page(&page, sizeof(page) - 1));
	page.magic = cpu_to_le32(KF_VMCLOCK_MAGIC + 1);
	KUNIT_EXPECT_FALSE(test, kf_vmclock_is_page(&page, 4096));
	fill(&page);
	page.version = cpu_to_le16(2);
	KUNIT_EXPECT_FALSE(test, kf_vmclock_is_page(&page, 4096));
	fill(&page);
	page.size = cpu_to_le32(sizeof(page) - 1);
	KUNIT_EXPECT_FALSE(test, kf_vmclock_is_page(&page, 4096));
}

static void every_field_is_copied(struct kunit *test)
{
	struct kf_vmclock_abi page;
	struct kf_vmclock clock;

	fill(&page);
	KUNIT_ASSERT_TRUE(test, kf_vmclock_copy(&clock, &page));
	KUNIT_EXPECT_EQ(test, clock.marker, 7ULL);
	KUNIT_EXPECT_TRUE(test, clock.timed);
	KUNIT_EXPECT_EQ(test, clock.shift, (u8)PERIOD_SHIFT);
	KUNIT_EXPECT_EQ(test, clock.tsc, 1000ULL);
	KUNIT_EXPECT_EQ(test, clock.period, PERIOD);
	KUNIT_EXPECT_EQ(test, clock.sec, 50 * YEAR_SEC);
	KUNIT_EXPECT_EQ(test, clock.frac, 1ULL << 63);
}

static void a_page_being_written_is_refused(struct kunit *test)
{
	struct kf_vmclock_abi page;
	struct kf_vmclock clock;

	fill(&page);
	page.seq_count = cpu_to_le32(5);
	KUNIT_EXPECT_FALSE(test, kf_vmclock_copy(&clock, &page));
}

/* Does a page tell the time with one field changed? */
#define TIMED(_field, _value) ({				\
	struct kf_vmclock_abi _page;				\
	struct kf_vmclock _clock;				\
								\
	fill(&_page);						\
	_page._field = (_value);				\
	KUNIT_ASSERT_TRUE(test, kf_vmclock_copy(&_clock, &_page)); \
	_clock.timed;						\
})

static void only_a_steady_time_of_the_tsc_is_valid(struct kunit *test)
{
	KUNIT_EXPECT_TRUE(test, TIMED(time_type, KF_VMCLOCK_UTC));
	KUNIT_EXPECT_TRUE(test, TIMED(time_type, KF_VMCLOCK_MONOTONIC));
	KUNIT_EXPECT_TRUE(test, TIMED(clock_status, KF_VMCLOCK_FREERUNNING));
	KUNIT_EXPECT_TRUE(test, TIMED(leap_indicator, 1)); /* not of TAI */
	KUNIT_EXPECT_FALSE(test, TIMED(counter_id, 0xff));
	KUNIT_EXPECT_FALSE(test, TIMED(time_type, 3)); /* smeared */
	KUNIT_EXPECT_FALSE(test, TIMED(clock_status, 0));
	KUNIT_EXPECT_FALSE(test, TIMED(clock_status, 4));
	KUNIT_EXPECT_FALSE(test, TIMED(period_shift, 64));
	KUNIT_EXPECT_FALSE(test, TIMED(period_frac_sec, 0));
}

static void utc_is_not_valid_near_a_leap_second(struct kunit *test)
{
	struct kf_vmclock_abi page;
	struct kf_vmclock clock;

	fill(&page);
	page.time_type = KF_VMCLOCK_UTC;
	page.leap_indicator = 3;
	KUNIT_ASSERT_TRUE(test, kf_vmclock_copy(&clock, &page));
	KUNIT_EXPECT_FALSE(test, clock.timed);
}

/* By how many ns the clock differs from the true time, a number of seconds after the page. */
static s64 off_by(const struct kf_vmclock *clock, u64 sec)
{
	s64 begin = kf_vmclock_ns(clock, clock->tsc);

	return kf_vmclock_ns(clock, clock->tsc + sec * HZ_OF_TSC) - begin -
	       (s64)(sec * NSEC_PER_SEC);
}

static void the_time_goes_on_at_the_rate_of_the_page(struct kunit *test)
{
	struct kf_vmclock_abi page;
	struct kf_vmclock clock;

	fill(&page);
	KUNIT_ASSERT_TRUE(test, kf_vmclock_copy(&clock, &page));
	KUNIT_EXPECT_EQ(test, kf_vmclock_ns(&clock, 1000),
			(s64)(50 * YEAR_SEC * NSEC_PER_SEC + NSEC_PER_SEC / 2));
	KUNIT_EXPECT_LE(test, abs(off_by(&clock, 1)), 1LL);
	KUNIT_EXPECT_LE(test, abs(off_by(&clock, 3600)), 1LL);
	KUNIT_EXPECT_LE(test, abs(off_by(&clock, 10 * YEAR_SEC)), 1LL);
}

static void a_shift_of_63_does_not_overflow(struct kunit *test)
{
	struct kf_vmclock clock = {
		.timed = true, .shift = 63, .period = U64_MAX,
	};

	/* Each cycle is 2^-63 s, less a bit. */
	KUNIT_EXPECT_EQ(test, kf_vmclock_ns(&clock, 1ULL << 62),
			(s64)NSEC_PER_SEC / 2 - 1);
	KUNIT_EXPECT_EQ(test, kf_vmclock_ns(&clock, U64_MAX),
			2 * (s64)NSEC_PER_SEC - 1);
}

static struct kunit_case vmclock_cases[] = {
	KUNIT_CASE(a_page_has_magic_version_and_size),
	KUNIT_CASE(every_field_is_copied),
	KUNIT_CASE(a_page_being_written_is_refused),
	KUNIT_CASE(only_a_steady_time_of_the_tsc_is_valid),
	KUNIT_CASE(utc_is_not_valid_near_a_leap_second),
	KUNIT_CASE(the_time_goes_on_at_the_rate_of_the_page),
	KUNIT_CASE(a_shift_of_63_does_not_overflow),
	{}
};

static struct kunit_suite vmclock_suite = {
	.name = "kvmclock_fix_vmclock",
	.test_cases = vmclock_cases,
};

kunit_test_suite(vmclock_suite);

MODULE_DESCRIPTION("KUnit tests of vmclock's page");
MODULE_LICENSE("GPL");
