// SPDX-License-Identifier: GPL-2.0-only
/* What of a span of memory is reported: a side map, without kernel state. */
#include "blocks.h"

#include <linux/align.h>
#include <linux/bits.h>
#include <linux/limits.h>
#include <linux/minmax.h>

/* Frees while a pass runs are younger than it, by so many ticks at the most. */
#define BLOCKS_LATER_MAX 0x1000000

static size_t table_memory(unsigned long pages)
{
	return (pages >> LEAF_ORDER) * sizeof(struct mmh_leaf *);
}

size_t mmh_blocks_memory(unsigned long pages)
{
	return table_memory(pages) + MMH_SEARCHES * mmh_summary_memory(pages >> LEAF_ORDER);
}

void mmh_blocks_init(struct mmh_blocks *b, unsigned long base, unsigned long pages,
		     unsigned int unit_order, void *memory)
{
	unsigned long leaves = pages >> LEAF_ORDER;
	unsigned int search;

	*b = (struct mmh_blocks){
		.base = base,
		.units = pages >> unit_order,
		.unit_order = unit_order,
		.leaves = memory,
	};
	memory += table_memory(pages);
	for (search = 0; search < MMH_SEARCHES; search++) {
		mmh_summary_init(&b->shown[search], leaves, memory);
		memory += mmh_summary_memory(leaves);
	}
}

struct mmh_blocks_span mmh_blocks_clip(const struct mmh_blocks *b, unsigned long start,
				       unsigned long end)
{
	unsigned long last = mmh_blocks_pfn(b, b->units);

	start = clamp(ALIGN_DOWN(start, LEAF_PAGES), b->base, last);
	end = ALIGN(min(end, last), LEAF_PAGES);
	return (struct mmh_blocks_span){ .start = start, .end = max(start, end) };
}

/* Unit to the place of its leaf in the table, and to its place in the leaf. */
static unsigned long index_of(const struct mmh_blocks *b, unsigned long unit)
{
	return unit >> (LEAF_ORDER - b->unit_order);
}

static unsigned long place_of(const struct mmh_blocks *b, unsigned long unit)
{
	return unit & (mmh_leaf_units(b->unit_order) - 1);
}

unsigned long mmh_blocks_leaf_end(const struct mmh_blocks *b, unsigned long unit)
{
	return unit - place_of(b, unit) + mmh_leaf_units(b->unit_order);
}

#define SHOWN_ALL (BIT(MMH_SEARCHES) - 1)

static void set_shown(struct mmh_blocks *b, unsigned long index)
{
	unsigned int search;

	for (search = 0; search < MMH_SEARCHES; search++)
		mmh_summary_set(&b->shown[search], index);
}

/* Every search may find something in a leaf. */
static void show(struct mmh_blocks *b, unsigned long index)
{
	struct mmh_leaf *leaf = b->leaves[index];

	if (leaf->shown == SHOWN_ALL)
		return;
	leaf->shown = SHOWN_ALL;
	set_shown(b, index);
}

/* None finds anything.  There may be no leaf. */
static void unshow(struct mmh_blocks *b, unsigned long index)
{
	unsigned int search;

	if (b->leaves[index])
		b->leaves[index]->shown = 0;
	for (search = 0; search < MMH_SEARCHES; search++)
		mmh_summary_clear(&b->shown[search], index);
}

/* A leaf has other counts than before. */
static void follow(struct mmh_blocks *b, unsigned long index, struct mmh_leaf_counts before)
{
	struct mmh_leaf_counts now = b->leaves[index]->counts;

	b->unreported_units += now.unreported - before.unreported;
	b->reported_units += now.reported - before.reported;
	if (!now.unreported)
		unshow(b, index);
	else if (now.unreported > before.unreported)
		show(b, index);
}

void mmh_blocks_add(struct mmh_blocks *b, unsigned long pfn, struct mmh_leaf *leaf)
{
	unsigned long index = (pfn - b->base) >> LEAF_ORDER;

	b->leaves[index] = leaf;
	follow(b, index, (struct mmh_leaf_counts){});
}

struct mmh_leaf *mmh_blocks_remove(struct mmh_blocks *b, unsigned long pfn)
{
	unsigned long index = (pfn - b->base) >> LEAF_ORDER;
	struct mmh_leaf *leaf = b->leaves[index];

	if (!leaf)
		return NULL;
	unshow(b, index);
	b->leaves[index] = NULL;
	b->unreported_units -= leaf->counts.unreported;
	b->reported_units -= leaf->counts.reported;
	return leaf;
}

/*
 * The leaves may change meanwhile, so each of them is to be searched.  What a leaf says of
 * searches that find it is so in both maps.
 */
void mmh_blocks_adopt(struct mmh_blocks *b, const struct mmh_blocks *from)
{
	unsigned long first = (from->base - b->base) >> LEAF_ORDER;
	unsigned long i;

	for (i = 0; i < index_of(from, from->units); i++) {
		b->leaves[first + i] = from->leaves[i];
		if (from->leaves[i])
			set_shown(b, first + i);
	}
}

void mmh_blocks_take_over(struct mmh_blocks *b, const struct mmh_blocks *from)
{
	b->unreported_units = from->unreported_units;
	b->reported_units = from->reported_units;
}

/* Runs for every free: as little as there can be. */
unsigned long mmh_blocks_mark_freed(struct mmh_blocks *b, unsigned long pfn,
				    unsigned int order, u32 now)
{
	unsigned long index = (pfn - b->base) >> LEAF_ORDER, page = pfn % LEAF_PAGES;
	struct mmh_leaf *leaf = b->leaves[index];
	struct mmh_leaf_counts before = leaf->counts;

	if (order <= b->unit_order)
		mmh_leaf_mark_unit_freed(leaf, page >> b->unit_order, now);
	else
		mmh_leaf_mark_freed(leaf, page >> b->unit_order,
				    (page + (1UL << order)) >> b->unit_order, now);
	b->unreported_units += leaf->counts.unreported - before.unreported;
	b->reported_units += leaf->counts.reported - before.reported;
	show(b, index);
	return before.reported - leaf->counts.reported;
}

unsigned long mmh_blocks_next_leaf(const struct mmh_blocks *b, unsigned long from,
				   unsigned long end, enum mmh_search search)
{
	unsigned long index = index_of(b, from), next;

	if (from >= end)
		return end;
	next = mmh_summary_next(&b->shown[search], index);
	if (next == index)
		return from;
	return min(end, next << (LEAF_ORDER - b->unit_order));
}

/* In one leaf.  When a search of all of it finds nothing, it is not shown any more. */
static unsigned long next_in_leaf(struct mmh_blocks *b, unsigned long from, unsigned long end,
				  enum mmh_search search)
{
	struct mmh_leaf *leaf = b->leaves[index_of(b, from)];
	unsigned long start = from - place_of(b, from), unit;

	if (!leaf || !leaf->counts.unreported) {
		unshow(b, index_of(b, from));
		return end;
	}
	unit = start + mmh_leaf_next(leaf, from - start, end - start, search);
	if (unit >= end && from == start && end == mmh_blocks_leaf_end(b, from)) {
		mmh_summary_clear(&b->shown[search], index_of(b, from));
		leaf->shown &= ~BIT(search);
	}
	return unit;
}

unsigned long mmh_blocks_next(struct mmh_blocks *b, unsigned long from, unsigned long end,
			      enum mmh_search search)
{
	while ((from = mmh_blocks_next_leaf(b, from, end, search)) < end) {
		unsigned long last = min(end, mmh_blocks_leaf_end(b, from));

		from = next_in_leaf(b, from, last, search);
		if (from < last)
			break;
	}
	return from;
}

unsigned long mmh_blocks_next_reported(const struct mmh_blocks *b, unsigned long from)
{
	while (from < b->units) {
		unsigned long start = from - place_of(b, from);
		unsigned long last = mmh_blocks_leaf_end(b, from);
		const struct mmh_leaf *leaf = b->leaves[index_of(b, from)];

		if (leaf && leaf->counts.reported)
			from = start + mmh_leaf_next_reported(leaf, from - start, last - start);
		else
			from = last;
		if (from < last)
			break;
	}
	return from;
}

bool mmh_blocks_are_reported(const struct mmh_blocks *b, unsigned long first,
			     unsigned long end)
{
	const struct mmh_leaf *leaf = b->leaves[index_of(b, first)];
	unsigned long start = first - place_of(b, first);

	return leaf && mmh_leaf_next_not_reported(leaf, first - start, end - start) >= end - start;
}

bool mmh_blocks_are_unreported(const struct mmh_blocks *b, unsigned long first,
			       unsigned long end)
{
	unsigned long start = first - place_of(b, first);
	const struct mmh_leaf *leaf;

	if (end > b->units || end > mmh_blocks_leaf_end(b, first))
		return false;
	leaf = b->leaves[index_of(b, first)];
	return leaf && mmh_leaf_next_other(leaf, first - start, end - start) >= end - start;
}

/* A change of units that may lie in several leaves. */
static void change(struct mmh_blocks *b, unsigned long first, unsigned long end,
		   void (*op)(struct mmh_leaf *leaf, unsigned long first, unsigned long end))
{
	while (first < end) {
		unsigned long last = min(end, mmh_blocks_leaf_end(b, first));
		unsigned long start = first - place_of(b, first);
		struct mmh_leaf *leaf = b->leaves[index_of(b, first)];

		if (leaf) {
			struct mmh_leaf_counts before = leaf->counts;

			op(leaf, first - start, last - start);
			follow(b, index_of(b, first), before);
		}
		first = last;
	}
}

void mmh_blocks_convert_units(struct mmh_blocks *b, const struct mmh_blocks *from,
			      unsigned long pfn, unsigned int order, u32 born)
{
	unsigned long first = mmh_blocks_unit(b, pfn);
	unsigned long end = mmh_blocks_unit(b, pfn + (1UL << order));
	const struct mmh_leaf *leaf = b->leaves[index_of(b, first)];

	if (!leaf || mmh_leaf_stamp_of(leaf, place_of(b, first)) != born ||
	    !mmh_blocks_are_reported(from, mmh_blocks_unit(from, pfn),
				     mmh_blocks_unit(from, pfn + (1UL << order))))
		return;
	change(b, first, end, mmh_leaf_clear_unreported);
	change(b, first, end, mmh_leaf_mark_reported);
}

static s32 stamp_age(u32 stamp, u32 now)
{
	s32 age = now - stamp;

	return age < -BLOCKS_LATER_MAX ? S32_MAX : age;
}

s32 mmh_blocks_age(const struct mmh_blocks *b, unsigned long first, unsigned long end,
		   u32 now)
{
	const struct mmh_leaf *leaf = b->leaves[index_of(b, first)];
	unsigned int shift = LEAF_AGE_ORDER - b->unit_order;
	unsigned long start = first - place_of(b, first);
	unsigned long unit = mmh_leaf_next(leaf, first - start, end - start, MMH_SEARCH_ALL);
	s32 age = S32_MAX;

	while (unit < end - start) {
		age = min(age, stamp_age(mmh_leaf_stamp_of(leaf, unit), now));
		unit = mmh_leaf_next(leaf, ((unit >> shift) + 1) << shift, end - start,
				     MMH_SEARCH_ALL);
	}
	return age;
}

void mmh_blocks_mark_used(struct mmh_blocks *b, unsigned long unit)
{
	change(b, unit, unit + 1, mmh_leaf_clear_unreported);
}

struct mmh_blocks_run mmh_blocks_isolate(struct mmh_blocks *b, unsigned long from,
					 unsigned long end)
{
	unsigned long first = mmh_blocks_next_unreported(b, from, end);
	unsigned long start = first - place_of(b, first);
	unsigned long last;

	if (first >= end)
		return (struct mmh_blocks_run){ .first = end };
	last = min(end, mmh_blocks_leaf_end(b, first));
	last = start + mmh_leaf_next_other(b->leaves[index_of(b, first)], first - start,
					    last - start);
	change(b, first, last, mmh_leaf_clear_unreported);
	return (struct mmh_blocks_run){ .first = first, .count = last - first };
}

void mmh_blocks_hide(struct mmh_blocks *b, unsigned long unit, enum mmh_search search)
{
	mmh_leaf_hide(b->leaves[index_of(b, unit)], place_of(b, unit), search);
}

static void unhide(struct mmh_blocks *b, unsigned long first, unsigned long end)
{
	while (first < end) {
		unsigned long last = min(end, mmh_blocks_leaf_end(b, first));
		unsigned long start = first - place_of(b, first);
		struct mmh_leaf *leaf = b->leaves[index_of(b, first)];

		if (leaf) {
			mmh_leaf_unhide(leaf, first - start, last - start);
			show(b, index_of(b, first));
		}
		first = last;
	}
}

/*
 * Forgotten or freed while they were in flight, they are unreported already.  When they are
 * put back, they may merge to a block that is larger than an area.
 */
void mmh_blocks_complete(struct mmh_blocks *b, struct mmh_blocks_run run, bool reported)
{
	unhide(b, run.first, run.first + run.count);
	change(b, run.first, run.first + run.count,
	       reported ? mmh_leaf_mark_reported : mmh_leaf_mark_unreported);
}

void mmh_blocks_forget(struct mmh_blocks *b, unsigned long first, unsigned long end)
{
	end = min(end, b->units);
	change(b, first, end, mmh_leaf_mark_unreported);
	unhide(b, first, end);
}
