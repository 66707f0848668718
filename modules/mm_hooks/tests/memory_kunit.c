// SPDX-License-Identifier: GPL-2.0-only
/* What counts as free in a zone. */
#include <kunit/test.h>
#include <linux/module.h>
#include <linux/percpu.h>

#include "../native/zone_memory.c"
#include "../native/policy.c"

#define MARK 10000
#define CMA 300
#define RESERVE 200

static struct per_cpu_zonestat __percpu *stats;	/* of one zone in each case */

static int memory_init(struct kunit *test)
{
	stats = alloc_percpu(struct per_cpu_zonestat);
	return stats ? 0 : -ENOMEM;
}

static void memory_exit(struct kunit *test)
{
	free_percpu(stats);
	stats = NULL;
}

/* A zone with @free pages by the common counter, and @hidden more by a processor's. */
static struct zone *zone_with(struct kunit *test, long free, long hidden)
{
	struct zone *zone = kunit_kzalloc(test, sizeof(*zone), GFP_KERNEL);

	KUNIT_ASSERT_TRUE(test, zone);
	spin_lock_init(&zone->lock);
	zone->per_cpu_zonestats = stats;
	zone->percpu_drift_mark = MARK;
	atomic_long_set(&zone->vm_stat[NR_FREE_PAGES], free);
	atomic_long_set(&zone->vm_stat[NR_FREE_CMA_PAGES], CMA);
	per_cpu_ptr(stats, 0)->vm_stat_diff[NR_FREE_PAGES] = hidden;
	return zone;
}

static struct mmh_policy_memory memory_of(struct zone *zone)
{
	struct mmh_policy_memory m;

	spin_lock_irq(&zone->lock);
	mmh_zone_memory(zone, &m);
	spin_unlock_irq(&zone->lock);
	return m;
}

static void zone_near_its_marks_is_counted_exactly(struct kunit *test)
{
	KUNIT_EXPECT_EQ(test, memory_of(zone_with(test, MARK - 1, -100)).free,
			MARK - 101UL);
	KUNIT_EXPECT_EQ(test, memory_of(zone_with(test, MARK - 1, 100)).free,
			MARK + 99UL);
	KUNIT_EXPECT_EQ(test, memory_of(zone_with(test, 50, -100)).free, 0UL);
}

static void zone_with_enough_is_not(struct kunit *test)
{
	struct zone *zone = zone_with(test, MARK, -100);

	KUNIT_EXPECT_EQ(test, memory_of(zone).free, MARK + 0UL);
	/* A machine on which the counters cannot hide much has no mark. */
	zone = zone_with(test, 50, -100);
	zone->percpu_drift_mark = 0;
	KUNIT_EXPECT_EQ(test, memory_of(zone).free, 50UL);
}

static void other_memory_is_not_for_any_allocation(struct kunit *test)
{
	struct zone *zone = zone_with(test, 5000, 0);
	unsigned long nine, ten, none;
	struct mmh_policy_memory m;

	zone->nr_reserved_highatomic = RESERVE;
#ifdef VMHOOKS_HAVE_NR_FREE_HIGHATOMIC
	zone->nr_free_highatomic = RESERVE;
#endif
	zone->free_area[9].nr_free = 2;
	zone->free_area[10].nr_free = 3;
	m = memory_of(zone);
	KUNIT_EXPECT_EQ(test, m.usable, 5000UL - CMA - RESERVE);
	spin_lock_irq(&zone->lock);
	nine = mmh_zone_large_pages(zone, &m, 9);
	ten = mmh_zone_large_pages(zone, &m, 10);
	zone->free_area[10].nr_free = 0;
	none = mmh_zone_large_pages(zone, &m, 10);
	spin_unlock_irq(&zone->lock);
	KUNIT_EXPECT_EQ(test, nine, 2UL * 512 + 3UL * 1024 - CMA - RESERVE);
	KUNIT_EXPECT_EQ(test, ten, 3UL * 1024 - CMA - RESERVE);
	KUNIT_EXPECT_EQ(test, none, 0UL);
}

static struct kunit_case memory_cases[] = {
	KUNIT_CASE(zone_near_its_marks_is_counted_exactly),
	KUNIT_CASE(zone_with_enough_is_not),
	KUNIT_CASE(other_memory_is_not_for_any_allocation),
	{}
};

static struct kunit_suite memory_suite = {
	.name = "mm_hooks_memory",
	.init = memory_init,
	.exit = memory_exit,
	.test_cases = memory_cases,
};

kunit_test_suite(memory_suite);

MODULE_DESCRIPTION("KUnit tests of how mm_hooks counts free memory");
MODULE_LICENSE("GPL");
