// SPDX-License-Identifier: GPL-2.0-only
/* Which features are negotiated. */
#include <kunit/test.h>
#include <linux/module.h>

#include "../features.c"

#define F(name) BIT_ULL(VIRTIO_BALLOON_F_##name)
#define ALL BR_FEATURES_KNOWN

static const struct br_guest plain = { .want_reporting = true };

static void plain_guest_takes_all_but_poison(struct kunit *test)
{
	struct br_plan p = br_features_plan(ALL, &plain);

	KUNIT_EXPECT_EQ(test, p.features, ALL & ~F(PAGE_POISON));
	KUNIT_EXPECT_EQ(test, p.queues, BIT(BR_Q_MAX) - 1);
	KUNIT_EXPECT_TRUE(test, p.report);
	KUNIT_EXPECT_TRUE(test, p.inflate);
	KUNIT_EXPECT_NULL(test, p.off_reason);
	KUNIT_EXPECT_EQ(test, p.poison_val, 0U);
}

static void bare_host_gives_two_queues(struct kunit *test)
{
	struct br_plan p = br_features_plan(0, &plain);

	KUNIT_EXPECT_EQ(test, p.features, 0ULL);
	KUNIT_EXPECT_EQ(test, p.queues, BIT(BR_Q_INFLATE) | BIT(BR_Q_DEFLATE));
	KUNIT_EXPECT_FALSE(test, p.report);
	KUNIT_EXPECT_NOT_NULL(test, p.off_reason);
}

static void must_tell_host_is_always_accepted(struct kunit *test)
{
	struct br_plan p = br_features_plan(F(MUST_TELL_HOST), &plain);

	KUNIT_EXPECT_EQ(test, p.features, F(MUST_TELL_HOST));
}

static void bits_without_one_meaning_are_left(struct kunit *test)
{
	struct br_plan p = br_features_plan(ALL | BIT_ULL(6) | BIT_ULL(7),
					    &plain);

	KUNIT_EXPECT_EQ(test, p.features & (BIT_ULL(6) | BIT_ULL(7)), 0ULL);
}

/* Declining one of them would move the reports into another queue. */
static void stats_and_hint_keep_their_queues(struct kunit *test)
{
	struct br_guest guest = { .want_reporting = false };
	struct br_plan p = br_features_plan(ALL, &guest);

	KUNIT_EXPECT_TRUE(test, p.queues & BIT(BR_Q_STATS));
	KUNIT_EXPECT_TRUE(test, p.queues & BIT(BR_Q_HINT));
	KUNIT_EXPECT_FALSE(test, p.queues & BIT(BR_Q_REPORT));
}

static void reporting_can_be_declined(struct kunit *test)
{
	struct br_guest guest = { .want_reporting = false };
	struct br_plan p = br_features_plan(ALL, &guest);

	KUNIT_EXPECT_FALSE(test, p.report);
	KUNIT_EXPECT_EQ(test, p.features & F(REPORTING), 0ULL);
	KUNIT_EXPECT_NOT_NULL(test, p.off_reason);
}

static void init_on_free_reports_with_poison_zero(struct kunit *test)
{
	struct br_guest guest = { .want_reporting = true,
				  .init_on_free = true };
	struct br_plan p = br_features_plan(ALL, &guest);

	KUNIT_EXPECT_TRUE(test, p.features & F(PAGE_POISON));
	KUNIT_EXPECT_EQ(test, p.poison_val, 0U);
	KUNIT_EXPECT_TRUE(test, p.report);
}

static void contents_must_persist_without_page_poison(struct kunit *test)
{
	struct br_guest guest = { .want_reporting = true,
				  .init_on_free = true };
	struct br_plan p = br_features_plan(ALL & ~F(PAGE_POISON), &guest);

	KUNIT_EXPECT_FALSE(test, p.report);
	KUNIT_EXPECT_NOT_NULL(test, p.off_reason);
	KUNIT_EXPECT_TRUE(test, p.inflate);
}

static void poisoned_pages_are_reported_on_request_only(struct kunit *test)
{
	struct br_guest guest = { .want_reporting = true, .poisoning = true };
	struct br_plan p = br_features_plan(ALL, &guest);

	KUNIT_EXPECT_EQ(test, p.poison_val, 0xaaaaaaaaU);
	KUNIT_EXPECT_TRUE(test, p.features & F(PAGE_POISON));
	KUNIT_EXPECT_FALSE(test, p.report);

	guest.report_poisoned = true;
	p = br_features_plan(ALL, &guest);
	KUNIT_EXPECT_TRUE(test, p.report);

	/* Nor with that parameter if the device does not restore the contents. */
	p = br_features_plan(ALL & ~F(PAGE_POISON), &guest);
	KUNIT_EXPECT_FALSE(test, p.report);
}

static void zeroing_wins_over_poisoning(struct kunit *test)
{
	struct br_guest guest = { .want_reporting = true, .poisoning = true,
				  .init_on_free = true };
	struct br_plan p = br_features_plan(ALL, &guest);

	KUNIT_EXPECT_EQ(test, p.poison_val, 0U);
	KUNIT_EXPECT_TRUE(test, p.report);
}

static void encrypted_guest_gives_nothing(struct kunit *test)
{
	struct br_guest guest = { .want_reporting = true, .encrypted = true };
	struct br_plan p = br_features_plan(ALL, &guest);

	KUNIT_EXPECT_FALSE(test, p.report);
	KUNIT_EXPECT_FALSE(test, p.inflate);
	KUNIT_EXPECT_NOT_NULL(test, p.off_reason);
}

/* All 64 offers in all 32 guests: what must hold whatever is chosen. */
static void every_combination_is_consistent(struct kunit *test)
{
	unsigned int offer, g;

	for (offer = 0; offer < 64; offer++) {
		for (g = 0; g < 32; g++) {
			struct br_guest guest = {
				.init_on_free = g & 1, .poisoning = g & 2,
				.encrypted = g & 4, .want_reporting = g & 8,
				.report_poisoned = g & 16,
			};
			struct br_plan p = br_features_plan(offer, &guest);

			KUNIT_ASSERT_EQ(test, p.features & ~(u64)offer, 0ULL);
			KUNIT_ASSERT_EQ(test, p.report,
					!!(p.features & F(REPORTING)));
			KUNIT_ASSERT_EQ(test, p.report,
					!!(p.queues & BIT(BR_Q_REPORT)));
			KUNIT_ASSERT_EQ(test, (offer & F(STATS_VQ)) != 0,
					!!(p.queues & BIT(BR_Q_STATS)));
			KUNIT_ASSERT_EQ(test, (offer & F(FREE_PAGE_HINT)) != 0,
					!!(p.queues & BIT(BR_Q_HINT)));
			KUNIT_ASSERT_FALSE(test, p.report && guest.encrypted);
			if (p.report && p.poison_val)
				KUNIT_ASSERT_TRUE(test, guest.report_poisoned);
		}
	}
}

static void crash_kernel_gives_nothing_away(struct kunit *test)
{
	struct br_guest guest = { .want_reporting = true, .crash_kernel = true };
	struct br_plan p = br_features_plan(ALL, &guest);

	KUNIT_EXPECT_FALSE(test, p.inflate);
	KUNIT_EXPECT_FALSE(test, p.report);
	KUNIT_EXPECT_NOT_NULL(test, p.off_reason);
	KUNIT_EXPECT_TRUE(test, p.queues & BIT(BR_Q_STATS));
	KUNIT_EXPECT_TRUE(test, p.queues & BIT(BR_Q_HINT));
}

static struct kunit_case features_cases[] = {
	KUNIT_CASE(plain_guest_takes_all_but_poison),
	KUNIT_CASE(bare_host_gives_two_queues),
	KUNIT_CASE(must_tell_host_is_always_accepted),
	KUNIT_CASE(bits_without_one_meaning_are_left),
	KUNIT_CASE(stats_and_hint_keep_their_queues),
	KUNIT_CASE(reporting_can_be_declined),
	KUNIT_CASE(init_on_free_reports_with_poison_zero),
	KUNIT_CASE(contents_must_persist_without_page_poison),
	KUNIT_CASE(poisoned_pages_are_reported_on_request_only),
	KUNIT_CASE(zeroing_wins_over_poisoning),
	KUNIT_CASE(encrypted_guest_gives_nothing),
	KUNIT_CASE(every_combination_is_consistent),
	KUNIT_CASE(crash_kernel_gives_nothing_away),
	{}
};

static struct kunit_suite features_suite = {
	.name = "balloon_report_features",
	.test_cases = features_cases,
};

kunit_test_suite(features_suite);

MODULE_DESCRIPTION("KUnit tests of the feature negotiation");
MODULE_LICENSE("GPL");
