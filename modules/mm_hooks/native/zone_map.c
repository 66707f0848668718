// SPDX-License-Identifier: GPL-2.0-only
/*
 * The map of one zone.
 *
 * No section of zone->lock depends on the size of the zone.  A larger table is filled
 * before it is put in place, a leaf is made before it is added, and what was reported
 * is forgotten or converted in sections.
 */
#include "zone_map.h"

#include <linux/align.h>
#include <linux/jiffies.h>
#include <linux/memory_hotplug.h>
#include <linux/minmax.h>
#include <linux/mm.h>
#include <linux/mmzone.h>
#include <linux/pageblock-flags.h>
#include <linux/sched.h>

#include "free_block.h"
#include "zone_lock.h"

/* Units that are forgotten in one section of zone->lock. */
#define ZONE_MAP_FORGET 4096UL
/* Units that are converted into a new map in one section. */
#define ZONE_MAP_CONVERT 64

/* Memory goes online and offline by memory sections at least. */
static_assert(PAGES_PER_SECTION % LEAF_PAGES == 0);
/* A block lies in one leaf. */
static_assert(NR_PAGE_ORDERS - 1 <= LEAF_ORDER);

/* Puts a map in place.  Return: what it replaces, which is the caller's. */
static struct mmh_blocks *map_replace(struct mmh_zone_map *map, struct mmh_blocks *new,
				      bool adopted)
{
	struct mmh_lock_time time;
	struct mmh_blocks *old;

	mmh_zone_lock(map->zone, &time);
	old = map->blocks;
	if (adopted)
		mmh_blocks_take_over(new, old);
	map->blocks = new;
	mmh_zone_unlock(map->zone, &time);
	return old;
}

static unsigned long blocks_end(const struct mmh_blocks *b)
{
	return mmh_blocks_pfn(b, b->units);
}

/*
 * One section of zone->lock.  What was reported in larger units is so in smaller ones where
 * it is free as a whole; what was reported in each of the smaller ones, in a larger one.
 *
 * Return: the page frame to go on with.
 */
static unsigned long convert_section(struct mmh_zone_map *map, const struct mmh_blocks *old,
				     unsigned long pfn, u32 born)
{
	struct mmh_blocks *b = map->blocks;
	unsigned int order = max(b->unit_order, old->unit_order);
	unsigned int n;
	struct mmh_free_block block;
	struct mmh_lock_time time;

	pfn = ALIGN_DOWN(pfn, 1UL << order);
	mmh_zone_lock(map->zone, &time);
	for (n = 0; n < ZONE_MAP_CONVERT && pfn < blocks_end(old); n++, pfn += 1UL << order)
		if (b->unit_order > old->unit_order ||
		    mmh_free_block_find(map->zone, pfn, order, &block))
			mmh_blocks_convert_units(b, old, pfn, order, born);
	mmh_zone_unlock(map->zone, &time);
	cond_resched();
	return pfn;
}

/* What is reported stays so in other units. */
static void convert_all(struct mmh_zone_map *map, const struct mmh_blocks *old, u32 born)
{
	unsigned long unit = mmh_blocks_next_reported(old, 0);

	while (unit < old->units) {
		unsigned long pfn = mmh_blocks_pfn(old, unit);

		pfn = convert_section(map, old, pfn, born);
		unit = mmh_blocks_next_reported(old, mmh_blocks_unit(old, pfn));
	}
}

/* A map with as many leaves, in which everything is unreported. */
static struct mmh_blocks *make_alike(int nid, const struct mmh_blocks *old, unsigned int order,
				     u32 born)
{
	unsigned long pfn, end = blocks_end(old);
	struct mmh_blocks *b = mmh_blocks_alloc(nid, old->base, end - old->base, order);

	for (pfn = old->base; b && pfn < end; pfn += LEAF_PAGES) {
		struct mmh_leaf *leaf;

		if (!mmh_blocks_leaf(old, pfn))
			continue;
		leaf = mmh_blocks_alloc_leaf(nid, order, born);
		if (!leaf) {
			mmh_blocks_destroy(b);
			return NULL;
		}
		mmh_blocks_add(b, pfn, leaf);
		cond_resched();
	}
	return b;
}

/* A map with other units, which knows as much as they can tell. */
static int map_convert(struct mmh_zone_map *map, unsigned int order)
{
	/* Whatever is freed from now on is younger than that. */
	u32 born = (u32)jiffies - 1;
	struct mmh_blocks *old, *new;

	new = make_alike(zone_to_nid(map->zone), map->blocks, order, born);
	if (!new)
		return -ENOMEM;
	old = map_replace(map, new, false);
	convert_all(map, old, born);
	mmh_blocks_destroy(old);
	return 0;
}

/*
 * Memory goes online in many pieces.  So a zone that outgrows its table gets one with room
 * for half as much again.
 *
 * Return: where the new table ends.
 */
static unsigned long map_end(const struct mmh_blocks *old, unsigned long base,
			     unsigned long end)
{
	unsigned long known = old ? blocks_end(old) : end;

	return end > known ? end + ALIGN((end - base) / 2, LEAF_PAGES) : known;
}

static int map_grow(struct mmh_zone_map *map, unsigned int order, unsigned long base,
		    unsigned long end)
{
	struct mmh_blocks *new, *old = map->blocks;

	if (old)
		base = min(base, old->base);
	end = map_end(old, base, end);
	new = mmh_blocks_alloc(zone_to_nid(map->zone), base, end - base, order);
	if (!new)
		return -ENOMEM;
	if (old)
		mmh_blocks_adopt(new, old);
	mmh_blocks_free(map_replace(map, new, old));
	return 0;
}

/* A table for the span of the zone. */
static int map_span(struct mmh_zone_map *map, unsigned int order)
{
	unsigned long base = ALIGN_DOWN(map->zone->zone_start_pfn, LEAF_PAGES);
	unsigned long end = ALIGN(zone_end_pfn(map->zone), LEAF_PAGES);
	const struct mmh_blocks *b = map->blocks;

	if (b && base >= b->base && end <= blocks_end(b))
		return 0;
	return map_grow(map, order, base, end);
}

/* Has the zone online memory in the memory section of a page frame? */
static bool memory_is_online(struct zone *zone, unsigned long pfn)
{
	unsigned long end = min(pfn + LEAF_PAGES, zone_end_pfn(zone));

	for (pfn = max(pfn, zone->zone_start_pfn); pfn < end;
	     pfn = ALIGN(pfn + 1, pageblock_nr_pages)) {
		struct page *page = pfn_to_online_page(pfn);

		if (page && page_zone(page) == zone)
			return true;
	}
	return false;
}

static int map_add_leaf(struct mmh_zone_map *map, unsigned long pfn)
{
	struct mmh_lock_time time;
	struct mmh_leaf *leaf;

	leaf = mmh_blocks_alloc_leaf(zone_to_nid(map->zone), map->blocks->unit_order, jiffies);
	if (!leaf)
		return -ENOMEM;
	mmh_zone_lock(map->zone, &time);
	mmh_blocks_add(map->blocks, pfn, leaf);
	mmh_zone_unlock(map->zone, &time);
	return 0;
}

/* A leaf for each memory section that is online.  Until then the free hook misses frees. */
static int map_fill(struct mmh_zone_map *map, unsigned long start, unsigned long end)
{
	const struct mmh_blocks *b = map->blocks;
	struct mmh_blocks_span span = mmh_blocks_clip(b, start, end);
	unsigned long pfn;
	int err = 0;

	for (pfn = span.start; pfn < span.end && !err; pfn += LEAF_PAGES) {
		if (!mmh_blocks_leaf(b, pfn) && memory_is_online(map->zone, pfn))
			err = map_add_leaf(map, pfn);
		cond_resched();
	}
	return err;
}

int mmh_zone_map_update(struct mmh_zone_map *map, unsigned int order, unsigned long start,
			unsigned long end)
{
	int err = 0;

	if (map->blocks && map->blocks->unit_order != order)
		err = map_convert(map, order);
	if (!err)
		err = map_span(map, order);
	if (!err)
		err = map_fill(map, start, end);
	return err;
}

void mmh_zone_map_exit(struct mmh_zone_map *map)
{
	if (map->blocks)
		mmh_blocks_destroy(map_replace(map, NULL, false));
}

/* One section of zone->lock. */
static void forget_section(const struct mmh_zone_map *map, unsigned long first,
			   unsigned long end)
{
	struct mmh_lock_time time;

	mmh_zone_lock(map->zone, &time);
	mmh_blocks_forget(map->blocks, first, end);
	mmh_zone_unlock(map->zone, &time);
	cond_resched();
}

/* Holes cost no section. */
static bool has_leaf(const struct mmh_blocks *b, unsigned long first, unsigned long end)
{
	unsigned long pfn = mmh_blocks_pfn(b, first);

	for (; pfn < mmh_blocks_pfn(b, end); pfn = ALIGN(pfn + 1, LEAF_PAGES))
		if (mmh_blocks_leaf(b, pfn))
			return true;
	return false;
}

void mmh_zone_map_forget(const struct mmh_zone_map *map, unsigned long start,
			 unsigned long end)
{
	const struct mmh_blocks *b = map->blocks;
	struct mmh_blocks_span span = mmh_blocks_clip(b, start, end);
	unsigned long last = mmh_blocks_unit(b, span.end);
	unsigned long first, next;

	for (first = mmh_blocks_unit(b, span.start); first < last; first = next) {
		next = min(first + ZONE_MAP_FORGET, last);
		if (has_leaf(b, first, next))
			forget_section(map, first, next);
	}
}

void mmh_zone_map_mark_offline(const struct mmh_zone_map *map, unsigned long start,
			       unsigned long end)
{
	struct mmh_blocks *b = map->blocks;
	/* What lies before it describes the memory, and goes with it. */
	struct mmh_blocks_span span = mmh_blocks_clip(b, start, end);
	unsigned long pfn;

	for (pfn = span.start; pfn < span.end; pfn += LEAF_PAGES) {
		struct mmh_lock_time time;
		struct mmh_leaf *leaf;

		mmh_zone_lock(map->zone, &time);
		leaf = mmh_blocks_remove(b, pfn);
		mmh_zone_unlock(map->zone, &time);
		mmh_blocks_free_leaf(leaf);
	}
}
