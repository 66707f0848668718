// SPDX-License-Identifier: GPL-2.0-only
/* The pages that emptied the lists of a processor go back, all but what others hold. */
#include <kunit/test.h>
#include <linux/mm.h>
#include <linux/module.h>

#include "contig_range.h"

#define ORDER 4

/* As alloc_contig_range() leaves them: each with a reference of its own. */
static struct page *take(struct kunit *test)
{
	struct page *page = alloc_pages(GFP_KERNEL, ORDER);

	KUNIT_ASSERT_NOT_NULL(test, page);
	split_page(page, ORDER);
	return page;
}

static void check_held(struct kunit *test, unsigned int which)
{
	struct page *page = take(test);

	get_page(page + which);
	vmhooks_give_contig(page_to_pfn(page), ORDER);
	KUNIT_EXPECT_EQ_MSG(test, page_count(page + which), 1, "page %u",
			    which);
	put_page(page + which);
}

static void a_page_that_is_held_stays(struct kunit *test)
{
	unsigned int i;

	for (i = 0; i < 1U << ORDER; i++)
		check_held(test, i);
}

static void none_is_lost(struct kunit *test)
{
	unsigned long rounds = 2 * totalram_pages() >> ORDER;

	while (rounds--)
		vmhooks_give_contig(page_to_pfn(take(test)), ORDER);
}

static struct kunit_case drain_cases[] = {
	KUNIT_CASE(a_page_that_is_held_stays),
	KUNIT_CASE(none_is_lost),
	{}
};

static struct kunit_suite drain_suite = {
	.name = "mm_hooks_drain",
	.test_cases = drain_cases,
};

kunit_test_suite(drain_suite);

MODULE_LICENSE("GPL");
MODULE_DESCRIPTION("Tests of how pages go back that emptied the lists of a processor");
