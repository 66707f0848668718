// SPDX-License-Identifier: GPL-2.0-only
/*
 * The maps of the guest's zones.
 *
 * A map is found through its zone and changes under zone->lock, which its users
 * hold anyway.  Maps come and go under zones_lock.
 */
#include "zones.h"

#include <linux/limits.h>
#include <linux/memory_hotplug.h>
#include <linux/mm.h>
#include <linux/mmzone.h>
#include <linux/mutex.h>
#include <linux/nodemask.h>
#include <linux/slab.h>
#include <linux/vmalloc.h>

#include "../zone_next.h"
#include "zone_lock.h"

static DEFINE_MUTEX(zones_lock);	/* the order of the unit, all changes of zone_map.c */
static unsigned int unit_order;
static struct mmh_zone_map *maps;	/* of every node, MAX_NR_ZONES each */
static bool maps_in_use;		/* between mmh_zones_init() and mmh_zones_exit() */
static unsigned int epoch;		/* counts mmh_zones_forget() */
static bool behind;			/* there was no memory for a map */

static unsigned int maps_count(void)
{
	return nr_node_ids * MAX_NR_ZONES;
}

static struct mmh_zone_map *map_of(struct zone *zone)
{
	return &maps[zone_to_nid(zone) * MAX_NR_ZONES + zone_idx(zone)];
}

/*
 * While something is in flight a map keeps its units: an attempt to change them
 * may have failed for it.
 */
static int zones_update_locked(bool change, unsigned long start, unsigned long end)
{
	unsigned int i = 0;
	struct zone *zone;
	int err = 0;

	lockdep_assert_held(&zones_lock);
	while ((zone = mmh_zone_next(&i))) {
		struct mmh_zone_map *map = map_of(zone);
		unsigned int order = map->blocks && !change ? map->blocks->unit_order :
							      unit_order;

		map->zone = zone;
		err = mmh_zone_map_update(map, order, start, end) ?: err;
	}
	return err;
}

static int zones_update_all(void)
{
	int err = zones_update_locked(true, 0, ULONG_MAX);

	WRITE_ONCE(behind, err);
	return err;
}

int mmh_zones_update(unsigned long start, unsigned long end)
{
	int err = 0;

	mutex_lock(&zones_lock);
	if (maps_in_use)
		err = zones_update_locked(false, start, end);
	if (err)
		WRITE_ONCE(behind, true);
	mutex_unlock(&zones_lock);
	return err;
}

bool mmh_zones_need_update(void)
{
	return READ_ONCE(behind);
}

int mmh_zones_set_unit(unsigned int order)
{
	int err;

	mutex_lock(&zones_lock);
	unit_order = order;
	err = zones_update_all();
	mutex_unlock(&zones_lock);
	return err;
}

static void zones_exit_locked(void)
{
	unsigned int i;

	lockdep_assert_held(&zones_lock);
	for (i = 0; i < maps_count(); i++)
		mmh_zone_map_exit(&maps[i]);
	maps_in_use = false;
}

int mmh_zones_init(unsigned int order)
{
	int err = -ENOMEM;

	mutex_lock(&zones_lock);
	unit_order = order;
	if (!maps)
		maps = kvcalloc(maps_count(), sizeof(*maps), GFP_KERNEL);
	if (maps) {
		maps_in_use = true;
		err = zones_update_all();
		if (err)
			zones_exit_locked();
	}
	mutex_unlock(&zones_lock);
	return err;
}

void mmh_zones_exit(void)
{
	mutex_lock(&zones_lock);
	zones_exit_locked();
	mutex_unlock(&zones_lock);
}

void mmh_zones_destroy(void)
{
	mutex_lock(&zones_lock);
	kvfree(maps);
	maps = NULL;
	mutex_unlock(&zones_lock);
}

struct mmh_blocks *mmh_zones_blocks(struct zone *zone)
{
	lockdep_assert_held(&zone->lock);
	return map_of(zone)->blocks;
}

struct mmh_zone_counts *mmh_zones_counts(struct zone *zone)
{
	lockdep_assert_held(&zone->lock);
	return &map_of(zone)->counts;
}

static void map_state(const struct mmh_zone_map *map, struct mmh_zone_state *state)
{
	const struct mmh_blocks *b = map->blocks;

	lockdep_assert_held(&map->zone->lock);
	state->counts = map->counts;
	if (b) {
		state->unreported_pages = (u64)b->unreported_units << b->unit_order;
		state->reported_free_pages = (u64)b->reported_units << b->unit_order;
	}
}

void mmh_zones_state(struct zone *zone, struct mmh_zone_state *state)
{
	*state = (struct mmh_zone_state){};
	mutex_lock(&zones_lock);
	if (maps && map_of(zone)->zone) {
		spin_lock_irq(&zone->lock);
		map_state(map_of(zone), state);
		spin_unlock_irq(&zone->lock);
	}
	mutex_unlock(&zones_lock);
}

struct zone *mmh_zones_next_mapped(unsigned int *index)
{
	while (*index < maps_count()) {
		struct mmh_zone_map *map = &maps[maps_count() - ++*index];

		if (READ_ONCE(map->blocks))
			return map->zone;
	}
	return NULL;
}

bool mmh_zones_have_unreported(struct zone *zone)
{
	const struct mmh_blocks *b;
	bool have;

	spin_lock_irq(&zone->lock);
	b = mmh_zones_blocks(zone);
	have = b && b->unreported_units;
	spin_unlock_irq(&zone->lock);
	return have;
}

unsigned int mmh_zones_count_unreported(void)
{
	unsigned int i = 0, n = 0;
	struct zone *zone;

	while ((zone = mmh_zones_next_mapped(&i)))
		n += mmh_zones_have_unreported(zone);
	return n;
}

unsigned long *mmh_zones_resume(struct zone *zone)
{
	return &map_of(zone)->resume;
}

void mmh_zones_forget(void)
{
	unsigned int i = 0;
	struct zone *zone;

	/* First: what completes from now on is not reported. */
	WRITE_ONCE(epoch, epoch + 1);
	/* What is being carried into a new map would not be forgotten. */
	mutex_lock(&zones_lock);
	while ((zone = mmh_zones_next_mapped(&i)))
		mmh_zone_map_forget(map_of(zone), 0, ULONG_MAX);
	mutex_unlock(&zones_lock);
}

unsigned int mmh_zones_epoch(void)
{
	return READ_ONCE(epoch);
}

bool mmh_zones_have_reported(struct page *page, unsigned int order)
{
	unsigned long pfn = page_to_pfn(page), end = pfn + (1UL << order);
	struct zone *zone = page_zone(page);
	struct mmh_lock_time time;
	struct mmh_blocks *b;
	bool holds;

	mmh_zone_lock(zone, &time);
	b = mmh_zones_blocks(zone);
	holds = b && b->unit_order <= order && mmh_blocks_leaf(b, pfn) &&
		mmh_blocks_are_reported(b, mmh_blocks_unit(b, pfn), mmh_blocks_unit(b, end));
	mmh_zone_unlock(zone, &time);
	return holds;
}

/* Memory that goes online at a time is of one zone. */
void mmh_zones_mark_online(unsigned long start, unsigned long end)
{
	struct page *page = pfn_to_online_page(start);

	mutex_lock(&zones_lock);
	if (page && maps && map_of(page_zone(page))->blocks)
		mmh_zone_map_forget(map_of(page_zone(page)), start, end);
	mutex_unlock(&zones_lock);
}

/* Where the spans of two zones overlap, the other one has nothing there. */
void mmh_zones_mark_offline(unsigned long start, unsigned long end)
{
	unsigned int i;

	mutex_lock(&zones_lock);
	for (i = 0; maps && i < maps_count(); i++)
		if (maps[i].blocks)
			mmh_zone_map_mark_offline(&maps[i], start, end);
	mutex_unlock(&zones_lock);
}

static u64 zones_sum(bool unreported)
{
	u64 bytes = 0;
	unsigned int i;

	mutex_lock(&zones_lock);
	for (i = 0; maps && i < maps_count(); i++) {
		const struct mmh_blocks *b = maps[i].blocks;

		if (b)
			bytes += (u64)(unreported ? READ_ONCE(b->unreported_units) :
						    READ_ONCE(b->reported_units)) <<
				 (b->unit_order + PAGE_SHIFT);
	}
	mutex_unlock(&zones_lock);
	return bytes;
}

u64 mmh_zones_unreported_bytes(void)
{
	return zones_sum(true);
}

u64 mmh_zones_reported_bytes(void)
{
	return zones_sum(false);
}

u64 mmh_zones_reused_pages(void)
{
	u64 pages = 0;
	unsigned int i;

	mutex_lock(&zones_lock);
	for (i = 0; maps && i < maps_count(); i++)
		pages += READ_ONCE(maps[i].counts.reused_pages);
	mutex_unlock(&zones_lock);
	return pages;
}

u64 mmh_zones_isolated_blocks(void)
{
	unsigned int i, order;
	u64 blocks = 0;

	mutex_lock(&zones_lock);
	for (i = 0; maps && i < maps_count(); i++)
		for (order = 0; order < NR_PAGE_ORDERS; order++)
			blocks += READ_ONCE(maps[i].counts.isolated_blocks[order]);
	mutex_unlock(&zones_lock);
	return blocks;
}
