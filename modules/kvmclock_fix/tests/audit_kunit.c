// SPDX-License-Identifier: GPL-2.0-only
/* The findings of the audit of pvclock pages. */
#include <kunit/test.h>
#include <linux/module.h>
#include <linux/prandom.h>
#include <linux/random.h>
#include <linux/string.h>

#include "../line.c"
#include "../audit.c"

/* 1 GHz: a cycle is a nanosecond. */
#define RATE { .mul = 1U << 31, .shift = 1 }

static const struct kf_page first = {
	.version = 2,
	.line = { .tsc = 1000, .ns = 5000, .rate = RATE },
	.stable = true,
};

static const struct kf_epoch epoch = { .sets = 3, .tsc_offset = 9 };

/* @first, @ns later and @step ns off its line. */
static struct kf_page later(u64 ns, s64 step)
{
	struct kf_page page = first;

	page.version += 2;
	page.line.tsc += ns;
	page.line.ns += ns + step;
	return page;
}

/* The findings of @page after @first. */
static unsigned int after_first(const struct kf_page *page,
				const struct kf_epoch *then, s64 *step)
{
	struct kf_published seen = { };

	kf_audit_page(&seen, &first, &epoch, step);
	return kf_audit_page(&seen, page, then, step);
}

static void first_page_has_no_findings(struct kunit *test)
{
	struct kf_published seen = { };
	s64 step = 1;

	KUNIT_EXPECT_EQ(test, kf_audit_page(&seen, &first, &epoch, &step), 0U);
	KUNIT_EXPECT_EQ(test, step, 0LL);
}

static void negative_is_found_on_any_page(struct kunit *test)
{
	struct kf_published seen = { };
	struct kf_page page = first;
	s64 step;

	page.line.ns = -1;
	KUNIT_EXPECT_EQ(test, kf_audit_page(&seen, &page, &epoch, &step),
			(unsigned int)KF_NEGATIVE);
	page.line.ns = S64_MIN;
	page.stable = false;
	KUNIT_EXPECT_TRUE(test, kf_audit_page(&seen, &page, &epoch, &step) &
				KF_NEGATIVE);
}

static void steps_are_measured_at_the_new_page(struct kunit *test)
{
	struct kf_page page = later(1000000, 177);
	s64 step;

	KUNIT_EXPECT_EQ(test, after_first(&page, &epoch, &step),
			(unsigned int)KF_STEPPED);
	KUNIT_EXPECT_EQ(test, step, 177LL);
	page = later(1000000, -177);
	KUNIT_EXPECT_EQ(test, after_first(&page, &epoch, &step),
			(unsigned int)(KF_STEPPED | KF_BACKWARDS));
	KUNIT_EXPECT_EQ(test, step, -177LL);
	page = later(0, 0);
	KUNIT_EXPECT_EQ(test, after_first(&page, &epoch, &step),
			(unsigned int)KF_STEPPED);
	KUNIT_EXPECT_EQ(test, step, 0LL);
}

static void steps_of_unstable_pages_are_not_measured(struct kunit *test)
{
	struct kf_page page = later(1000, -500);
	s64 step;

	page.stable = false;
	KUNIT_EXPECT_EQ(test, after_first(&page, &epoch, &step), 0U);
	KUNIT_EXPECT_EQ(test, step, 0LL);
}

static void steps_across_an_epoch_are_not_measured(struct kunit *test)
{
	struct kf_page page = later(1000, -500);
	struct kf_epoch then = epoch;
	s64 step;

	then.sets++;
	KUNIT_EXPECT_EQ(test, after_first(&page, &then, &step),
			(unsigned int)KF_SET);
	then = epoch;
	then.tsc_offset++;
	KUNIT_EXPECT_EQ(test, after_first(&page, &then, &step), 0U);
	then = epoch;
	then.suspends++;
	KUNIT_EXPECT_EQ(test, after_first(&page, &then, &step), 0U);
}

static void backwards_tsc_is_not_measured(struct kunit *test)
{
	struct kf_page page = later(0, -500);
	s64 step;

	page.line.tsc--;
	KUNIT_EXPECT_EQ(test, after_first(&page, &epoch, &step), 0U);
}

static void rate_changes_are_found(struct kunit *test)
{
	struct kf_page page = later(1000, 0);
	s64 step;

	page.line.rate.mul++;
	KUNIT_EXPECT_EQ(test, after_first(&page, &epoch, &step),
			(unsigned int)(KF_RATE_CHANGED | KF_STEPPED));
	page.line.rate = first.line.rate;
	page.line.rate.shift--;
	KUNIT_EXPECT_TRUE(test, after_first(&page, &epoch, &step) &
				KF_RATE_CHANGED);
}

static void same_version_for_another_page_is_found(struct kunit *test)
{
	struct kf_page page = later(1000, 0);
	s64 step;

	page.version = first.version;
	KUNIT_EXPECT_TRUE(test, after_first(&page, &epoch, &step) & KF_VERSION);
	page = first;
	KUNIT_EXPECT_FALSE(test, after_first(&page, &epoch, &step) & KF_VERSION);
}

/* The findings of the second of two pages with these versions. */
static unsigned int found_of_versions(u32 before, u32 after)
{
	struct kf_page page = first;
	struct kf_published seen = { };
	s64 step;

	page.version = before;
	kf_audit_page(&seen, &page, &epoch, &step);
	page = later(1000, 0);
	page.version = after;
	return kf_audit_page(&seen, &page, &epoch, &step);
}

static void odd_after_even_is_found(struct kunit *test)
{
	struct kf_page page = later(1000, 0);
	s64 step;

	page.version++;
	KUNIT_EXPECT_TRUE(test, after_first(&page, &epoch, &step) & KF_VERSION);
}

/* Audited before the write, as on 5.10. */
static void odd_after_odd_is_valid(struct kunit *test)
{
	KUNIT_EXPECT_EQ(test, found_of_versions(1, 3),
			(unsigned int)KF_STEPPED);
}

static void version_may_wrap(struct kunit *test)
{
	KUNIT_EXPECT_EQ(test, found_of_versions(U32_MAX - 1, 0),
			(unsigned int)KF_STEPPED);
}

/* Three pages of one vCPU, one update apart in their versions. */
static void several_pages_have_their_own_versions(struct kunit *test)
{
	struct kf_published seen = { };
	unsigned int round, i;
	s64 step;

	for (round = 0; round < 100; round++) {
		struct kf_page page = later(round * 1000, 0);

		for (i = 0; i < KF_PAGES; i++) {
			page.version = 10 + 2 * (round + i);
			KUNIT_ASSERT_FALSE(test,
					   kf_audit_page(&seen, &page, &epoch, &step) &
					   KF_VERSION);
		}
	}
}

/* Does the fast path refuse @page and change nothing? */
static bool is_refused(struct kf_published *seen, const struct kf_page *page,
		       const struct kf_epoch *now)
{
	struct kf_counts counts = { }, none = { };
	struct kf_published before;

	memcpy(&before, seen, sizeof(before));
	return !kf_audit_page_fast(seen, page, now, &counts) &&
	       !memcmp(&before, seen, sizeof(before)) &&
	       !memcmp(&counts, &none, sizeof(counts));
}

/* Each of these differs in one field from a page without findings. */
static void fast_path_takes_only_pages_without_findings(struct kunit *test)
{
	struct kf_epoch then = epoch;
	struct kf_counts counts = { };
	struct kf_published seen = { };
	struct kf_page page = first;
	s64 step;

	page.version += 2;
	KUNIT_EXPECT_TRUE(test, is_refused(&seen, &page, &epoch));
	kf_audit_page(&seen, &first, &epoch, &step);
	KUNIT_EXPECT_TRUE(test, is_refused(&seen, &first, &epoch));
	page.line.ns -= 1;
	KUNIT_EXPECT_TRUE(test, is_refused(&seen, &page, &epoch));
	page.line.ns += 3;
	KUNIT_EXPECT_TRUE(test, is_refused(&seen, &page, &epoch));
	page.line.ns = first.line.ns;
	page.line.tsc--;
	KUNIT_EXPECT_TRUE(test, is_refused(&seen, &page, &epoch));
	page.line.tsc = first.line.tsc;
	page.line.rate.shift++;
	KUNIT_EXPECT_TRUE(test, is_refused(&seen, &page, &epoch));
	page.line.rate = first.line.rate;
	page.stable = false; /* as Xen's may be */
	KUNIT_EXPECT_TRUE(test, is_refused(&seen, &page, &epoch));
	page.stable = true;
	then.sets++;
	KUNIT_EXPECT_TRUE(test, is_refused(&seen, &page, &then));
	KUNIT_EXPECT_TRUE(test,
			  kf_audit_page_fast(&seen, &page, &epoch, &counts));
	/* The same version once more is not the next one. */
	KUNIT_EXPECT_TRUE(test, is_refused(&seen, &page, &epoch));
}

static void negative_page_takes_the_slow_path(struct kunit *test)
{
	struct kf_published seen = { };
	struct kf_page page = first;
	s64 step;

	page.line.ns = -1;
	kf_audit_page(&seen, &page, &epoch, &step);
	page.version += 2;
	KUNIT_EXPECT_TRUE(test, is_refused(&seen, &page, &epoch));
	KUNIT_EXPECT_TRUE(test, kf_audit_page(&seen, &page, &epoch, &step) &
				KF_NEGATIVE);
}

/* A random next page, mostly on the line or near it. */
static struct kf_page any_page(struct rnd_state *rnd,
			       const struct kf_page *last)
{
	struct kf_page page = *last;
	u32 bits = prandom_u32_state(rnd);

	page.version += bits % 16 ? 2 : bits / 16 % 4;
	bits = prandom_u32_state(rnd);
	if (bits % 4)
		page.line.tsc += bits / 4 % 100000;
	page.line.ns = kf_line_ns(&last->line, page.line.tsc);
	bits = prandom_u32_state(rnd);
	page.line.ns += bits % 4 ? bits / 4 % 2 : (s64)(bits / 4 % 64) - 32;
	page.stable = prandom_u32_state(rnd) % 16;
	return page;
}

/* Compares the members, not the padding. */
static bool is_published_same(const struct kf_published *a, const struct kf_published *b)
{
	return a->valid == b->valid && a->next == b->next &&
	       !memcmp(a->versions, b->versions, sizeof(a->versions)) &&
	       a->page.version == b->page.version &&
	       a->page.stable == b->page.stable &&
	       kf_line_is_same(&a->page.line, &b->page.line) &&
	       kf_epoch_is_same(&a->epoch, &b->epoch);
}

/* Both paths leave the same state. */
static void fast_path_counts_as_the_slow_one(struct kunit *test)
{
	struct kf_published quick = { }, slow = { };
	unsigned int round, taken = 0, found;
	struct kf_counts counts, same;
	struct kf_epoch now = epoch;
	struct kf_page page = first;
	u64 seed = get_random_u64();
	struct rnd_state rnd;
	s64 step;

	kunit_info(test, "seed %llu\n", seed);
	prandom_seed_state(&rnd, seed);
	kf_audit_page(&quick, &page, &epoch, &step);
	for (round = 0; round < 10000; round++) {
		page = any_page(&rnd, &page);
		/* Of few pages: the TSC was set, the host was suspended, the clock was set. */
		now.tsc_offset += prandom_u32_state(&rnd) % 16 == 0;
		now.suspends += prandom_u32_state(&rnd) % 64 == 0;
		now.sets += prandom_u32_state(&rnd) % 64 == 0;
		memcpy(&slow, &quick, sizeof(slow));
		memset(&counts, 0, sizeof(counts));
		memset(&same, 0, sizeof(same));
		found = kf_audit_page(&slow, &page, &now, &step);
		kf_counts_add_page(&same, found, step);
		if (!kf_audit_page_fast(&quick, &page, &now, &counts)) {
			memcpy(&quick, &slow, sizeof(quick));
			continue;
		}
		taken++;
		KUNIT_ASSERT_EQ_MSG(test, found & ~KF_STEPPED, 0U, "round %u",
				    round);
		KUNIT_ASSERT_TRUE_MSG(test, is_published_same(&quick, &slow),
				      "round %u", round);
		KUNIT_ASSERT_EQ_MSG(test, memcmp(&counts, &same, sizeof(same)),
				    0, "round %u", round);
	}
	/* About half of these pages take the fast path. */
	KUNIT_EXPECT_GT(test, taken, round / 4);
	KUNIT_EXPECT_LT(test, taken, round * 3 / 4);
}

static void counts_add_up(struct kunit *test)
{
	struct kf_counts sum, counts;
	u64 *each = (u64 *)&counts, *all = (u64 *)&sum;
	unsigned int i;

	for (i = 0; i < sizeof(counts) / sizeof(*each); i++) {
		each[i] = i + 1;
		all[i] = 100 * i;
	}
	kf_counts_add(&sum, &counts);
	for (i = 0; i < sizeof(counts) / sizeof(*each); i++)
		KUNIT_EXPECT_EQ_MSG(test, all[i], 101ULL * i + 1, "count %u",
				    i);
}

static void bin_bounds_are_powers_of_ten(struct kunit *test)
{
	KUNIT_EXPECT_EQ(test, kf_step_bin_max(0), 0LL);
	KUNIT_EXPECT_EQ(test, kf_step_bin_max(1), 1LL);
	KUNIT_EXPECT_EQ(test, kf_step_bin_max(2), 10LL);
	KUNIT_EXPECT_EQ(test, kf_step_bin_max(10), 1000000000LL);
	KUNIT_EXPECT_EQ(test, kf_step_bin_max(KF_STEP_BINS - 1), S64_MAX);
}

static void steps_fall_into_their_bins(struct kunit *test)
{
	static const struct {
		s64 step;
		unsigned int bin;
	} table[] = {
		{ 0, 0 }, { 1, 1 }, { -1, 1 }, { 2, 2 }, { -10, 2 }, { 11, 3 },
		{ 1000000000, 10 }, { -1000000001, 11 }, { S64_MAX, 11 },
		{ S64_MIN, 11 },
	};
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(table); i++) {
		struct kf_counts counts = { };

		kf_counts_add_page(&counts, KF_STEPPED, table[i].step);
		KUNIT_EXPECT_EQ_MSG(test, counts.steps[table[i].bin], 1ULL,
				    "step %lld", table[i].step);
	}
}

static void findings_are_counted_each(struct kunit *test)
{
	struct kf_counts counts = { };

	kf_counts_add_page(&counts, KF_NEGATIVE | KF_VERSION, 0);
	kf_counts_add_page(&counts, KF_STEPPED | KF_BACKWARDS | KF_RATE_CHANGED, -5);
	kf_counts_add_page(&counts, KF_SET, 0);
	KUNIT_EXPECT_EQ(test, counts.updates, 3ULL);
	KUNIT_EXPECT_EQ(test, counts.negative, 1ULL);
	KUNIT_EXPECT_EQ(test, counts.version_violations, 1ULL);
	KUNIT_EXPECT_EQ(test, counts.backwards, 1ULL);
	KUNIT_EXPECT_EQ(test, counts.rate_changes, 1ULL);
	KUNIT_EXPECT_EQ(test, counts.sets, 0ULL);
	KUNIT_EXPECT_EQ(test, counts.steps[2], 1ULL);
	KUNIT_EXPECT_EQ(test, counts.steps[0], 0ULL);
}

/* Xen's page of an update is not stable and follows the guest's own. */
static void unstable_twin_hides_no_finding(struct kunit *test)
{
	struct kf_page own = later(100, 0), twin = first;
	struct kf_published seen = { };
	s64 step;

	kf_audit_page(&seen, &first, &epoch, &step);
	twin.version = 20;
	twin.stable = false;
	KUNIT_EXPECT_EQ(test, kf_audit_page(&seen, &twin, &epoch, &step), 0U);
	own.line.ns -= 5;
	KUNIT_EXPECT_TRUE(test, kf_audit_page(&seen, &own, &epoch, &step) &
			  KF_BACKWARDS);
	KUNIT_EXPECT_EQ(test, step, -5LL);
	/* Another line that is not stable is not a twin. */
	twin.line.ns += 7;
	kf_audit_page(&seen, &twin, &epoch, &step);
	own = later(200, 0);
	own.version = own.version + 2;
	KUNIT_EXPECT_FALSE(test, kf_audit_page(&seen, &own, &epoch, &step) &
			   (KF_STEPPED | KF_BACKWARDS));
}

static void stop_explains_a_step_of_its_length(struct kunit *test)
{
	KUNIT_EXPECT_TRUE(test, kf_audit_is_stop(-(s64)NSEC_PER_SEC, NSEC_PER_SEC));
	KUNIT_EXPECT_TRUE(test, kf_audit_is_stop(-(s64)NSEC_PER_SEC, 5 * NSEC_PER_SEC));
	KUNIT_EXPECT_FALSE(test, kf_audit_is_stop(-(s64)NSEC_PER_SEC, NSEC_PER_SEC / 2));
	KUNIT_EXPECT_FALSE(test, kf_audit_is_stop(NSEC_PER_SEC, NSEC_PER_SEC));
	/* A stop between two ticks leaves no gap. */
	KUNIT_EXPECT_FALSE(test, kf_audit_is_stop(-500, NSEC_PER_SEC));
	KUNIT_EXPECT_FALSE(test, kf_audit_is_stop(S64_MIN, NSEC_PER_SEC));
}

static void rate_is_measured_with_a_reference(struct kunit *test)
{
	const struct kf_reading first = { .ns = -70, .reference = 1LL << 60 };
	struct kf_reading last = first;
	s64 ppb = 0;

	last.reference += NSEC_PER_SEC - 1;
	KUNIT_EXPECT_FALSE(test, kf_reading_ppb(&first, &last, &ppb));
	/* 100 ppm over a time that is no whole number of milliseconds. */
	last.reference = first.reference + 2345900000;
	last.ns = first.ns + 2345900000 + 234590;
	KUNIT_EXPECT_TRUE(test, kf_reading_ppb(&first, &last, &ppb));
	KUNIT_EXPECT_EQ(test, ppb, 100000LL);
	/* 0.4 ppm over 30 days. */
	last.reference = first.reference + 30 * 86400 * NSEC_PER_SEC;
	last.ns = first.ns + 30 * 86400 * NSEC_PER_SEC + 30 * 86400 * 400;
	KUNIT_EXPECT_TRUE(test, kf_reading_ppb(&first, &last, &ppb));
	KUNIT_EXPECT_EQ(test, ppb, 400LL);
	last.ns = first.ns + 30 * 86400 * NSEC_PER_SEC - 30 * 86400 * 400;
	KUNIT_EXPECT_TRUE(test, kf_reading_ppb(&first, &last, &ppb));
	KUNIT_EXPECT_EQ(test, ppb, -400LL);
}

static struct kunit_case audit_cases[] = {
	KUNIT_CASE(first_page_has_no_findings),
	KUNIT_CASE(negative_is_found_on_any_page),
	KUNIT_CASE(steps_are_measured_at_the_new_page),
	KUNIT_CASE(steps_of_unstable_pages_are_not_measured),
	KUNIT_CASE(steps_across_an_epoch_are_not_measured),
	KUNIT_CASE(backwards_tsc_is_not_measured),
	KUNIT_CASE(rate_changes_are_found),
	KUNIT_CASE(same_version_for_another_page_is_found),
	KUNIT_CASE(odd_after_even_is_found),
	KUNIT_CASE(odd_after_odd_is_valid),
	KUNIT_CASE(version_may_wrap),
	KUNIT_CASE(several_pages_have_their_own_versions),
	KUNIT_CASE(unstable_twin_hides_no_finding),
	KUNIT_CASE(fast_path_takes_only_pages_without_findings),
	KUNIT_CASE(negative_page_takes_the_slow_path),
	KUNIT_CASE(fast_path_counts_as_the_slow_one),
	KUNIT_CASE(counts_add_up),
	KUNIT_CASE(bin_bounds_are_powers_of_ten),
	KUNIT_CASE(steps_fall_into_their_bins),
	KUNIT_CASE(findings_are_counted_each),
	KUNIT_CASE(stop_explains_a_step_of_its_length),
	KUNIT_CASE(rate_is_measured_with_a_reference),
	{}
};

static struct kunit_suite audit_suite = {
	.name = "kvmclock_fix_audit",
	.test_cases = audit_cases,
};

kunit_test_suite(audit_suite);

MODULE_DESCRIPTION("KUnit tests of the audit of clock pages");
MODULE_LICENSE("GPL");
