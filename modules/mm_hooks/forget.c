// SPDX-License-Identifier: GPL-2.0-only
/*
 * Clear the kernel's reported flag of free blocks.
 *
 * The allocator keeps the reported flag for as long as a block stays free.
 * The kernel never clears it for any other reason, although after a restore
 * from hibernation the host holds all of that memory again.
 *
 * A free list has no place to go on from, an address has: the walk goes by page
 * frame.  A block that merges or is split behind the walk or before it loses the
 * flag by that.
 */
#include "forget.h"

#include <linux/limits.h>
#include <linux/memory_hotplug.h>
#include <linux/minmax.h>
#include <linux/mm.h>
#include <linux/mmzone.h>
#include <linux/page-flags.h>
#include <linux/pageblock-flags.h>
#include <linux/sched.h>
#include <linux/spinlock.h>

#include "mm.h"
#include "zone_next.h"

/* Places that are visited in one section of zone->lock. */
#define FORGET_SECTION 64

static unsigned int noted = UINT_MAX;	/* lowest order; written by the pass */

void mmh_forget_note(unsigned int order)
{
	if (order >= READ_ONCE(noted))
		return;
	WRITE_ONCE(noted, order);
	/* Pairs with mmh_forget_blocks(): it sees the order, or the pass sees the forget. */
	smp_mb();
}

/* Return: the next place where a free block of that order or above can begin. */
static unsigned long forget_at(struct zone *zone, unsigned long pfn,
			       unsigned int lowest)
{
	struct page *page = pfn_to_online_page(pfn);

	lockdep_assert_held(&zone->lock);
	if (!page)
		return ALIGN(pfn + 1, pageblock_nr_pages);
	if (page_zone(page) != zone || !PageBuddy(page))
		return pfn + (1UL << lowest);
	__ClearPageReported(page);
	return pfn + (1UL << max_t(unsigned int, page_private(page), lowest));
}

static void forget_zone(struct zone *zone, unsigned int lowest)
{
	unsigned long pfn = ALIGN_DOWN(zone->zone_start_pfn, 1UL << lowest);
	unsigned long end = zone_end_pfn(zone);
	unsigned int n;

	while (pfn < end) {
		spin_lock_irq(&zone->lock);
		for (n = 0; n < FORGET_SECTION && pfn < end; n++)
			pfn = forget_at(zone, pfn, lowest);
		spin_unlock_irq(&zone->lock);
		cond_resched();
	}
}

void mmh_forget_blocks(void)
{
	unsigned int i = 0, lowest;
	struct zone *zone;

	/* Pairs with mmh_forget_note(). */
	smp_mb();
	lowest = min_t(unsigned int, READ_ONCE(noted), pageblock_order);
	while ((zone = mmh_zone_next(&i)))
		forget_zone(zone, lowest);
}
