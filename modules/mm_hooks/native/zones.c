// SPDX-License-Identifier: GPL-2.0-only
/*
 * The maps of the guest's zones.
 *
 * A map is found through its zone and changes under zone->lock, which its users
 * hold anyway.  Maps come and go under zones_lock.
 */
#include "zones.h"

#include <linux/align.h>
#include <linux/jiffies.h>
#include <linux/memory_hotplug.h>
#include <linux/mm.h>
#include <linux/mmzone.h>
#include <linux/mutex.h>
#include <linux/nodemask.h>
#include <linux/slab.h>
#include <linux/vmalloc.h>

#include "../zone_next.h"
#include "free_block.h"
#include "lock_time.h"

/* Units that are looked at in one section of zone->lock. */
#define ZONES_SECTION 4096UL
/* Units that are carried into a new map in one section. */
#define ZONES_CARRY 64

struct zone_map {
	struct zone *zone;
	unsigned long resume;	/* the pass's: see zones_resume() */
	unsigned long end;	/* of the zone, as of the last map_update() */
	struct blocks *blocks;	/* under zone->lock */
	struct zone_counts counts;	/* under zone->lock */
} ____cacheline_aligned_in_smp;

static DEFINE_MUTEX(zones_lock);	/* the order of the unit, all replacing */
static unsigned int unit_order;
static struct zone_map *maps;		/* of every node, MAX_NR_ZONES each */
static bool maps_in_use;		/* between zones_init() and zones_exit() */
static bool behind;			/* there was no memory for a map */

static unsigned int maps_count(void)
{
	return nr_node_ids * MAX_NR_ZONES;
}

static struct zone_map *map_of(struct zone *zone)
{
	return &maps[zone_to_nid(zone) * MAX_NR_ZONES + zone_idx(zone)];
}

/* Puts a map in place; what it replaces is the caller's. */
static struct blocks *map_replace(struct zone_map *map, struct blocks *new)
{
	struct lock_time time;
	struct blocks *old;

	lockdep_assert_held(&zones_lock);
	zone_lock(map->zone, &time);
	old = map->blocks;
	if (old && new && old->unit_order == new->unit_order)
		blocks_inherit(new, old);
	map->blocks = new;
	zone_unlock(map->zone, &time);
	return old;
}

/*
 * One section of zone->lock.  What was gone in larger units is so in smaller ones where
 * it is free as a whole; what was gone in each of the smaller ones, in a larger one.
 *
 * Return: the page frame to go on with.
 */
static unsigned long carry_section(struct zone_map *map,
				   const struct blocks *old, unsigned long pfn,
				   u32 born)
{
	struct blocks *b = map->blocks;
	unsigned int order = max(b->unit_order, old->unit_order);
	unsigned long end = blocks_pfn(old, old->units);
	unsigned int n;
	struct free_block block;
	struct lock_time time;

	pfn = ALIGN_DOWN(pfn, 1UL << order);
	zone_lock(map->zone, &time);
	for (n = 0; n < ZONES_CARRY && pfn < end; n++, pfn += 1UL << order)
		if (b->unit_order > old->unit_order ||
		    free_block_around(map->zone, pfn, order, &block))
			blocks_carry(b, old, pfn, order, born);
	zone_unlock(map->zone, &time);
	cond_resched();
	return pfn;
}

/* What the host has, it has in other units, too. */
static void map_carry(struct zone_map *map, const struct blocks *old, u32 born)
{
	unsigned long unit = blocks_next_gone(old, 0);

	lockdep_assert_held(&zones_lock);
	while (unit < old->units) {
		unsigned long pfn = blocks_pfn(old, unit);

		pfn = carry_section(map, old, pfn, born);
		unit = blocks_next_gone(old, blocks_unit(old, pfn));
	}
}

static bool map_covers(const struct zone_map *map, unsigned long base,
		       unsigned long pages, unsigned int order)
{
	const struct blocks *b = map->blocks;

	return b && b->unit_order == order && base >= b->base &&
	       base + pages <= blocks_pfn(b, b->units);
}

/* One section of zone->lock.  Return: are there more units? */
static bool forget_section(struct zone *zone, unsigned long first,
			   unsigned long end)
{
	struct lock_time time;
	struct blocks *b;
	bool more;

	zone_lock(zone, &time);
	b = zones_blocks(zone);
	end = b ? min(end, b->units) : 0;
	if (first < end)
		blocks_forget(b, first, min(first + ZONES_SECTION, end));
	more = first + ZONES_SECTION < end;
	zone_unlock(zone, &time);
	cond_resched();
	return more;
}

/* Units from @first to @end count as fresh. */
static void map_forget(const struct zone_map *map, unsigned long first,
		       unsigned long end)
{
	lockdep_assert_held(&zones_lock);
	while (forget_section(map->zone, first, end))
		first += ZONES_SECTION;
}

/* The room for memory that is still to come stays empty. */
static void map_forget_all(const struct zone_map *map)
{
	const struct blocks *b = map->blocks;

	map_forget(map, 0, blocks_unit(b, max(map->end, b->base)));
}

/*
 * Memory is plugged in many pieces, and what the map knows is copied in one section of
 * zone->lock: so the map of a zone whose end has passed the map's leaves room for half
 * as much again.
 *
 * Return: where the new map ends.
 */
static unsigned long map_end(const struct blocks *old, unsigned long base,
			     unsigned long end)
{
	unsigned long known = old ? blocks_pfn(old, old->units) : end;

	return end > known ? end + ALIGN((end - base) / 2, BLOCKS_ALIGN) : known;
}

/* A map for the span of a zone, which replaces what there is and knows as much. */
static int map_grow(struct zone_map *map, unsigned long base, unsigned long end,
		    unsigned int order)
{
	struct blocks *new, *old = map->blocks;
	bool inherits = old && old->unit_order == order;
	/* Whatever is freed from now on is younger than that. */
	u32 born = (u32)jiffies - 1;
	unsigned long last;

	lockdep_assert_held(&zones_lock);
	if (old)
		base = min(base, old->base);
	last = map_end(old, base, end);
	if (order < blocks_order(last - base, order))
		return -ENOMEM;
	new = blocks_alloc(zone_to_nid(map->zone), base, last - base, order, born);
	if (!new)
		return -ENOMEM;
	/* Behind the zone there is nothing, and what the old map has there is taken over. */
	if (inherits)
		end = max(end, blocks_pfn(old, old->units));
	blocks_absent(new, blocks_unit(new, end), new->units);
	map_replace(map, new);
	if (old && !inherits)
		map_carry(map, old, born);
	blocks_free(old);
	return 0;
}

/* Nobody may have heard of memory that came while the map was made. */
static void map_enter(const struct zone_map *map, unsigned long end)
{
	const struct blocks *b = map->blocks;

	if (map->end < end)
		map_forget(map, blocks_unit(b, max(map->end, b->base)),
			   blocks_unit(b, end));
}

static int map_update(struct zone *zone, unsigned int order)
{
	unsigned long base = ALIGN_DOWN(zone->zone_start_pfn, BLOCKS_ALIGN);
	unsigned long end = ALIGN(zone_end_pfn(zone), BLOCKS_ALIGN);
	struct zone_map *map = map_of(zone);
	int err = 0;

	map->zone = zone;
	if (map_covers(map, base, end - base, order))
		map_enter(map, end);
	else
		err = map_grow(map, base, end, order);
	if (!err)
		map->end = end;
	return err;
}

/*
 * While something is in flight a map keeps its units: an attempt to change them
 * may have failed for it.
 */
static unsigned int map_order(struct zone *zone, bool change)
{
	const struct blocks *b = map_of(zone)->blocks;
	/* As map_grow() has it at the most. */
	unsigned long pages = max(zone->spanned_pages / 2 * 3 + 4 * BLOCKS_ALIGN,
				  b ? b->units << b->unit_order : 0);

	return b && !change ? b->unit_order : blocks_order(pages, unit_order);
}

static int zones_update_locked(bool change)
{
	unsigned int i = 0;
	struct zone *zone;
	int err = 0;

	lockdep_assert_held(&zones_lock);
	while ((zone = mm_hooks_zone_next(&i)))
		err = map_update(zone, map_order(zone, change)) ?: err;
	WRITE_ONCE(behind, err);
	return err;
}

int zones_update(void)
{
	int err = 0;

	mutex_lock(&zones_lock);
	if (maps_in_use)
		err = zones_update_locked(false);
	mutex_unlock(&zones_lock);
	return err;
}

bool zones_behind(void)
{
	return READ_ONCE(behind);
}

int zones_set_unit(unsigned int order)
{
	int err;

	mutex_lock(&zones_lock);
	unit_order = order;
	err = zones_update_locked(true);
	mutex_unlock(&zones_lock);
	return err;
}

static void zones_exit_locked(void)
{
	unsigned int i;

	lockdep_assert_held(&zones_lock);
	for (i = 0; i < maps_count(); i++)
		if (maps[i].blocks)
			blocks_free(map_replace(&maps[i], NULL));
	maps_in_use = false;
}

int zones_init(unsigned int order)
{
	int err = -ENOMEM;

	mutex_lock(&zones_lock);
	unit_order = order;
	if (!maps)
		maps = kvcalloc(maps_count(), sizeof(*maps), GFP_KERNEL);
	if (maps) {
		maps_in_use = true;
		err = zones_update_locked(true);
		if (err)
			zones_exit_locked();
	}
	mutex_unlock(&zones_lock);
	return err;
}

void zones_exit(void)
{
	mutex_lock(&zones_lock);
	zones_exit_locked();
	mutex_unlock(&zones_lock);
}

void zones_destroy(void)
{
	mutex_lock(&zones_lock);
	kvfree(maps);
	maps = NULL;
	mutex_unlock(&zones_lock);
}

struct blocks *zones_blocks(struct zone *zone)
{
	lockdep_assert_held(&zone->lock);
	return map_of(zone)->blocks;
}

struct zone_counts *zones_counts(struct zone *zone)
{
	lockdep_assert_held(&zone->lock);
	return &map_of(zone)->counts;
}

static void map_state(const struct zone_map *map, struct zone_state *state)
{
	const struct blocks *b = map->blocks;

	lockdep_assert_held(&map->zone->lock);
	state->counts = map->counts;
	if (b) {
		state->fresh_pages = (u64)b->fresh_units << b->unit_order;
		state->gone_pages = (u64)b->gone_units << b->unit_order;
	}
}

void zones_state(struct zone *zone, struct zone_state *state)
{
	*state = (struct zone_state){};
	mutex_lock(&zones_lock);
	if (maps && map_of(zone)->zone) {
		spin_lock_irq(&zone->lock);
		map_state(map_of(zone), state);
		spin_unlock_irq(&zone->lock);
	}
	mutex_unlock(&zones_lock);
}

struct zone *zones_next(unsigned int *index)
{
	while (*index < maps_count()) {
		struct zone_map *map = &maps[maps_count() - ++*index];

		if (READ_ONCE(map->blocks))
			return map->zone;
	}
	return NULL;
}

unsigned int zones_number(void)
{
	unsigned int i = 0, n = 0;

	while (zones_next(&i))
		n++;
	return n;
}

unsigned long *zones_resume(struct zone *zone)
{
	return &map_of(zone)->resume;
}

void zones_forget(void)
{
	unsigned int i = 0;
	struct zone *zone;

	/* What is being carried into a new map would not be forgotten. */
	mutex_lock(&zones_lock);
	while ((zone = zones_next(&i)))
		map_forget_all(map_of(zone));
	mutex_unlock(&zones_lock);
}

bool zones_holds(struct page *page, unsigned int order)
{
	unsigned long pfn = page_to_pfn(page), end = pfn + (1UL << order);
	struct zone *zone = page_zone(page);
	struct lock_time time;
	struct blocks *b;
	bool holds;

	zone_lock(zone, &time);
	b = zones_blocks(zone);
	holds = b && b->unit_order <= order && blocks_contains(b, end - 1) &&
		blocks_all_gone(b, blocks_unit(b, pfn), blocks_unit(b, end));
	zone_unlock(zone, &time);
	return holds;
}

static void map_present(const struct zone_map *map, unsigned long start,
			unsigned long end)
{
	const struct blocks *b = map->blocks;

	/* What lies before it describes the memory: it is dropped again. */
	start = max(ALIGN_DOWN(start, BLOCKS_ALIGN), b->base);
	end = min(ALIGN(end, BLOCKS_ALIGN), blocks_pfn(b, b->units));
	if (start < end)
		map_forget(map, blocks_unit(b, start), blocks_unit(b, end));
}

/* Memory that is plugged at a time is of one zone. */
void zones_present(unsigned long start, unsigned long end)
{
	struct page *page = pfn_to_online_page(start);

	mutex_lock(&zones_lock);
	if (page && maps && map_of(page_zone(page))->blocks)
		map_present(map_of(page_zone(page)), start, end);
	mutex_unlock(&zones_lock);
}

static void map_absent(const struct zone_map *map, unsigned long start,
		       unsigned long end)
{
	struct lock_time time;
	struct blocks *b;

	zone_lock(map->zone, &time);
	b = map->blocks;
	/* What lies before it describes the memory, and goes with it. */
	start = max(ALIGN_DOWN(start, BLOCKS_ALIGN), b->base);
	end = min(end, blocks_pfn(b, b->units));
	if (start < end)
		blocks_absent(b, blocks_unit(b, start), blocks_unit(b, end));
	zone_unlock(map->zone, &time);
}

/* Where the spans of two zones overlap, the other one has nothing there. */
void zones_absent(unsigned long start, unsigned long end)
{
	unsigned int i;

	mutex_lock(&zones_lock);
	for (i = 0; maps && i < maps_count(); i++)
		if (maps[i].blocks)
			map_absent(&maps[i], start, end);
	mutex_unlock(&zones_lock);
}

static u64 zones_sum(bool fresh)
{
	u64 bytes = 0;
	unsigned int i;

	mutex_lock(&zones_lock);
	for (i = 0; maps && i < maps_count(); i++) {
		const struct blocks *b = maps[i].blocks;

		if (b)
			bytes += (u64)(fresh ? READ_ONCE(b->fresh_units) :
					       READ_ONCE(b->gone_units)) <<
				 (b->unit_order + PAGE_SHIFT);
	}
	mutex_unlock(&zones_lock);
	return bytes;
}

u64 zones_fresh_bytes(void)
{
	return zones_sum(true);
}

u64 zones_gone_bytes(void)
{
	return zones_sum(false);
}
