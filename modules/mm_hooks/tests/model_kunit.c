// SPDX-License-Identifier: GPL-2.0-only
/*
 * What the host holds of a span: a buddy allocator made of a table that frees and
 * allocates at random while a host keeps books of its own.
 */
#include <kunit/test.h>
#include <linux/module.h>
#include <linux/prandom.h>
#include <linux/random.h>

#include "../native/blocks.c"
#include "../native/leaf.c"
#include "../native/cursor.c"
#include "../native/summary.c"
#include "map.h"

#define BASE (3 * LEAF_PAGES)
#define PAGES LEAF_PAGES
#define TOP_ORDER 10

static unsigned long long seed;
module_param(seed, ullong, 0444);
MODULE_PARM_DESC(seed, "Of the random frees, to repeat a run; 0 for another one each time");

/*
 * The model.  A page is used or free, and aligned free pages are one block, as
 * in a buddy allocator.  The host holds a unit from the moment that the guest has
 * one of its pages until it discards it.
 */
struct model {
	struct mmh_blocks b;
	struct rnd_state dice;
	bool used[PAGES];
	bool inflight[PAGES];	/* in flight */
	bool backed[PAGES];	/* by unit */
	u32 now;
	unsigned long reported, returned;
};

static u32 roll(struct model *m, u32 sides)
{
	return prandom_u32_state(&m->dice) % sides;
}

static bool all_free(const struct model *m, unsigned long page,
		     unsigned int order)
{
	return !memchr(m->used + page, true, 1UL << order) &&
	       !memchr(m->inflight + page, true, 1UL << order);
}

/* Order of the free block around a page. */
static unsigned int block_order(const struct model *m, unsigned long page)
{
	unsigned int order = 0;

	while (order < TOP_ORDER &&
	       all_free(m, page & ~((2UL << order) - 1), order + 1))
		order++;
	return order;
}

static void model_alloc(struct model *m, unsigned long page, unsigned int order)
{
	unsigned long i;

	for (i = page; i < page + (1UL << order); i++) {
		m->used[i] = true;
		m->backed[i >> m->b.unit_order] = true;
	}
}

static void model_free(struct model *m, unsigned long page, unsigned int order)
{
	memset(m->used + page, false, 1UL << order);
	if (block_order(m, page) >= m->b.unit_order)
		mmh_blocks_mark_freed(&m->b, BASE + page, order, m->now);
}

/* Blocks are used or free as a whole, but freed in any pieces. */
static void model_step(struct model *m)
{
	unsigned int order = roll(m, TOP_ORDER + 1);
	unsigned long page = roll(m, PAGES >> order) << order;

	m->now++;
	if (all_free(m, page, order))
		model_alloc(m, page, order);
	else if (!memchr(m->used + page, false, 1UL << order))
		model_free(m, page, order);
}

/* Whatever is used of a large block is freed, a page at a time. */
static void model_clear_block(struct model *m, unsigned long page)
{
	unsigned long end = page + (1UL << TOP_ORDER);

	m->now++;
	for (; page < end; page++)
		if (m->used[page])
			model_free(m, page, 0);
}

static void model_clear(struct model *m)
{
	model_clear_block(m, roll(m, PAGES >> TOP_ORDER) << TOP_ORDER);
}

/* As scan.c and inflight.c do it; some reports fail. */
static void model_pass(struct kunit *test, struct model *m)
{
	struct mmh_blocks *b = &m->b;
	unsigned long unit = 0;

	while ((unit = mmh_blocks_next_unreported(b, unit, b->units)) < b->units) {
		struct mmh_blocks_run run = { .first = unit, .count = 1 };
		bool fails = !roll(m, 16);

		if (!all_free(m, unit << b->unit_order, b->unit_order)) {
			mmh_blocks_mark_used(b, unit++);
			continue;
		}
		run = mmh_blocks_isolate(b, unit, unit + 1);
		KUNIT_ASSERT_EQ(test, run.count, 1UL);
		mmh_blocks_complete(b, run, !fails);
		m->reported += !fails;
		m->returned += !fails && m->backed[unit];
		if (!fails)
			m->backed[unit] = false;
		unit++;
	}
}

static bool is_unreported(const struct mmh_blocks *b, unsigned long unit)
{
	return mmh_leaf_next(b->leaves[0], unit, unit + 1, MMH_SEARCH_ALL) == unit;
}

/* What the map must never get wrong. */
static void model_check(struct kunit *test, const struct model *m)
{
	const struct mmh_blocks *b = &m->b;
	unsigned long unit, unreported_units = 0, reported_units = 0;

	for (unit = 0; unit < b->units; unit++) {
		bool idle = all_free(m, unit << b->unit_order, b->unit_order);
		bool reported = mmh_blocks_are_reported(b, unit, unit + 1);
		bool unreported = is_unreported(b, unit);

		unreported_units += unreported;
		reported_units += reported;
		KUNIT_ASSERT_FALSE_MSG(test, unreported && reported,
				       "unit %lu is unreported and reported", unit);
		KUNIT_ASSERT_FALSE_MSG(test, idle && m->backed[unit] && !unreported,
				       "unit %lu is forgotten", unit);
		KUNIT_ASSERT_FALSE_MSG(test, idle && !m->backed[unit] && unreported,
				       "unit %lu would be reported again", unit);
	}
	KUNIT_ASSERT_EQ(test, b->unreported_units, unreported_units);
	KUNIT_ASSERT_EQ(test, b->reported_units, reported_units);
}

/* Behind which no block is hidden that is as large as an area. */
static void model_check_split(struct kunit *test, const struct model *m)
{
	const struct mmh_leaf *leaf = m->b.leaves[0];
	unsigned long area;

	for (area = 0; area < LEAF_AGES; area++)
		KUNIT_ASSERT_FALSE_MSG(test, test_bit(area, &leaf->hidden[MMH_SEARCH_WHOLE - 1]) &&
				       all_free(m, area << LEAF_AGE_ORDER, LEAF_AGE_ORDER),
				       "area %lu is free as a whole", area);
}

static struct model *model_make(struct kunit *test)
{
	struct model *m = kunit_kzalloc(test, sizeof(*m), GFP_KERNEL);
	u64 chosen = seed ?: get_random_u64();

	kunit_info(test, "seed=%llu", chosen);
	KUNIT_ASSERT_NOT_NULL(test, m);
	prandom_seed_state(&m->dice, chosen);
	return m;
}

/* Nothing is free, and the host has all of it. */
static void model_begin(struct kunit *test, struct model *m,
			unsigned int unit_order)
{
	memset(m->used, true, sizeof(m->used));
	memset(m->backed, true, sizeof(m->backed));
	m->b = map_make(test, BASE, PAGES, unit_order, 1000);
	m->reported = 0;
	m->returned = 0;
	mmh_blocks_isolate(&m->b, 0, m->b.units);
}

static void random_frees_are_all_reported_once(struct kunit *test)
{
	struct model *m = model_make(test);
	unsigned int unit_order, round, step;

	for (unit_order = 0; unit_order <= LEAF_AGE_ORDER; unit_order += 3) {
		model_begin(test, m, unit_order);
		for (round = 0; round < 20; round++) {
			for (step = 0; step < 150; step++)
				model_step(m);
			/* There is something to report, whatever the dice say. */
			model_clear(m);
			model_check(test, m);
			model_pass(test, m);
			model_check(test, m);
		}
		KUNIT_EXPECT_GT(test, m->reported, 0UL);
		KUNIT_EXPECT_EQ(test, m->reported, m->returned);
	}
}

/*
 * Reports, as in scan.c and inflight.c: one block each, of which a report of few
 * entries may have a part only.  Several are in flight while the guest goes on.
 * They complete in any order, some fail, and at times all is forgotten.  A pass
 * sends few small blocks; the next one begins where it had to stop.
 */
#define MODEL_INFLIGHT 3
#define MODEL_ENTRIES 4
#define MODEL_SMALL LEAF_AGE_ORDER	/* blocks below that order are small */
#define MODEL_RATION 200

struct model_inflight {
	unsigned long page;
	unsigned int order;
	struct mmh_blocks_run runs[MODEL_ENTRIES];
	unsigned int count;	/* 0: not in flight */
	bool forgotten;
};

/* Forgets once a round at most, or there is no end of what is to be sent. */
struct model_batch {
	struct model_inflight entries[MODEL_INFLIGHT];
	unsigned int inflight;
	bool may_forget;
	unsigned int ration;	/* of this pass */
	unsigned long resume;
};

static void model_complete(struct model *m, struct model_batch *batch,
			   struct model_inflight *f)
{
	bool fails = !roll(m, 16);
	unsigned int i;

	for (i = 0; i < f->count; i++) {
		mmh_blocks_complete(&m->b, f->runs[i], !fails && !f->forgotten);
		if (!fails && !f->forgotten)
			memset(m->backed + f->runs[i].first, false,
			       f->runs[i].count);
	}
	memset(m->inflight + f->page, false, 1UL << f->order);
	f->count = 0;
	batch->inflight--;
}

static void model_complete_one(struct model *m, struct model_batch *batch)
{
	unsigned int n = roll(m, MODEL_INFLIGHT);

	while (!batch->entries[n].count)
		n = (n + 1) % MODEL_INFLIGHT;
	model_complete(m, batch, &batch->entries[n]);
}

static void model_submit(struct model *m, struct model_batch *batch,
			 unsigned long page, unsigned int order)
{
	struct model_inflight *f = batch->entries;
	unsigned long unit = page >> m->b.unit_order;
	unsigned long end = (page + (1UL << order)) >> m->b.unit_order;

	while (f->count)
		f++;
	f->order = order;
	f->page = page;
	f->forgotten = false;
	memset(m->inflight + page, true, 1UL << order);
	while (f->count < MODEL_ENTRIES && mmh_blocks_next_unreported(&m->b, unit, end) < end)
		f->runs[f->count++] = mmh_blocks_isolate(&m->b, unit, end);
	batch->inflight++;
}

static void model_forget(struct model *m, struct model_batch *batch)
{
	unsigned int i;

	batch->may_forget = false;
	mmh_blocks_forget(&m->b, 0, m->b.units);
	memset(m->backed, true, sizeof(m->backed));
	for (i = 0; i < MODEL_INFLIGHT; i++)
		batch->entries[i].forgotten = true;
}

/* Return: was it sent? */
static bool model_visit(struct model *m, struct model_batch *batch,
			struct mmh_cursor *c, unsigned long unit)
{
	unsigned long page = unit << m->b.unit_order;
	unsigned int order;

	if (!all_free(m, page, m->b.unit_order)) {
		mmh_blocks_mark_used(&m->b, unit);
		c->at = BASE + ((unit + 1) << m->b.unit_order);
		return false;
	}
	order = block_order(m, page);
	if (order < LEAF_AGE_ORDER)
		mmh_blocks_hide(&m->b, unit, MMH_SEARCH_WHOLE);
	page &= ~((1UL << order) - 1);
	c->at = BASE + page + (1UL << order);
	if (order < MODEL_SMALL && !batch->ration) {
		mmh_cursor_ration(c, BASE + page);
		return false;
	}
	batch->ration -= order < MODEL_SMALL;
	if (batch->inflight == MODEL_INFLIGHT)
		model_complete_one(m, batch);
	model_submit(m, batch, page, order);
	return true;
}

static unsigned long model_unit(const struct mmh_blocks *b, unsigned long pfn)
{
	return mmh_blocks_unit(b, clamp_t(unsigned long, pfn, BASE, BASE + PAGES));
}

/* The next unit to visit.  Without a ration, only what may be large is visited. */
static unsigned long model_next(struct model *m, struct model_batch *batch,
				struct mmh_cursor *c, unsigned long end)
{
	unsigned long at = model_unit(&m->b, c->at);

	if (batch->ration)
		return mmh_blocks_next_unreported(&m->b, at, end);
	if (mmh_blocks_next_leaf(&m->b, at, end, MMH_SEARCH_ALL) < end)
		mmh_cursor_ration(c, mmh_blocks_pfn(&m->b, at));
	return mmh_blocks_next(&m->b, at, end, MMH_SEARCH_WHOLE);
}

/* Half of a round.  Return: was anything sent? */
static bool model_sweep(struct model *m, struct model_batch *batch,
			struct mmh_cursor *c)
{
	unsigned long end = model_unit(&m->b, c->end);
	unsigned long unit;
	bool sent = false;

	while ((unit = model_next(m, batch, c, end)) < end) {
		if (!model_visit(m, batch, c, unit))
			continue;
		sent = true;
		if (batch->may_forget && !roll(m, 50))
			model_forget(m, batch);
		model_step(m);
	}
	return sent;
}

/* The small blocks where the pass is to begin become a large one, partly reported. */
static void model_grow(struct model *m, unsigned long resume)
{
	if (resume && roll(m, 2))
		model_clear_block(m, ALIGN_DOWN(resume - BASE,
						1UL << TOP_ORDER));
}

/* Return: was anything sent? */
static bool model_pass_reports(struct model *m, struct model_batch *batch)
{
	struct mmh_cursor c = mmh_cursor_begin(batch->resume);
	bool sent;

	model_grow(m, batch->resume);
	batch->ration = roll(m, MODEL_RATION) + 1;
	sent = model_sweep(m, batch, &c);
	if (mmh_cursor_wrap(&c))
		sent |= model_sweep(m, batch, &c);
	batch->resume = mmh_cursor_resume(&c, 1UL << TOP_ORDER);
	while (batch->inflight)
		model_complete_one(m, batch);
	return sent;
}

static void reports_forget_nothing(struct kunit *test)
{
	struct model *m = model_make(test);
	unsigned int unit_order, round, step, sweeps;
	struct model_batch batch = {};

	for (unit_order = 0; unit_order <= LEAF_AGE_ORDER; unit_order += 3) {
		model_begin(test, m, unit_order);
		for (round = 0; round < 10; round++) {
			for (step = 0; step < 150; step++)
				model_step(m);
			model_clear(m);
			batch.may_forget = true;
			for (sweeps = 0; model_pass_reports(m, &batch); sweeps++) {
				model_check(test, m);
				model_check_split(test, m);
				KUNIT_ASSERT_LT(test, sweeps, 500U);
			}
			/* Nothing that is free is left. */
			KUNIT_EXPECT_EQ(test, m->b.unreported_units, 0UL);
		}
	}
}

/* By larger or smaller units: the host holds a unit of which it holds a page. */
static void model_hold_by(struct model *m, unsigned int old, unsigned int new)
{
	unsigned long page;
	bool *pages = m->inflight; /* nothing is in flight */

	for (page = 0; page < PAGES; page++)
		pages[page] = m->backed[page >> old];
	memset(m->backed, false, sizeof(m->backed));
	for (page = 0; page < PAGES; page++)
		m->backed[page >> new] |= pages[page];
	memset(m->inflight, false, sizeof(m->inflight));
}

/* As zones.c does it; a busy guest goes on between two sections. */
static void model_change_unit(struct kunit *test, struct model *m,
			      unsigned int unit_order, bool busy)
{
	unsigned int order = max(unit_order, m->b.unit_order);
	struct mmh_blocks old = m->b;
	u32 born = m->now++;
	unsigned long page;

	m->b = map_make(test, BASE, PAGES, unit_order, born);
	model_hold_by(m, old.unit_order, unit_order);
	for (page = 0; page < PAGES; page += 1UL << order) {
		if (unit_order > old.unit_order || all_free(m, page, order))
			mmh_blocks_convert_units(&m->b, &old, BASE + page, order, born);
		if (busy && !roll(m, max(PAGES >> order >> 4, 1UL)))
			model_step(m);
	}
	kunit_kfree(test, old.leaves[0]->unreported);
}

/* What was freed meanwhile is unreported as a whole, and so reported once more. */
static void model_hold_fresh(struct model *m)
{
	unsigned long unit;

	for (unit = 0; unit < m->b.units; unit++)
		m->backed[unit] |= is_unreported(&m->b, unit);
}

static void model_other_units(struct kunit *test, struct model *m, bool busy)
{
	unsigned int round, step, carried = 0;

	model_begin(test, m, LEAF_AGE_ORDER);
	for (round = 0; round < 60; round++) {
		for (step = 0; step < 100; step++)
			model_step(m);
		model_clear(m);
		model_pass(test, m);
		model_change_unit(test, m, roll(m, LEAF_AGE_ORDER + 1), busy);
		if (busy)
			model_hold_fresh(m);
		model_check(test, m);
		carried += m->b.reported_units > 0;
	}
	KUNIT_EXPECT_GT(test, carried, round / 2);
	KUNIT_EXPECT_EQ(test, m->reported, m->returned);
}

static void other_units_repeat_nothing(struct kunit *test)
{
	model_other_units(test, model_make(test), false);
}

static void other_units_forget_nothing(struct kunit *test)
{
	model_other_units(test, model_make(test), true);
}

static struct kunit_case model_cases[] = {
	KUNIT_CASE(random_frees_are_all_reported_once),
	KUNIT_CASE(other_units_forget_nothing),
	KUNIT_CASE(other_units_repeat_nothing),
	KUNIT_CASE(reports_forget_nothing),
	{}
};

static struct kunit_suite model_suite = {
	.name = "mm_hooks_model",
	.test_cases = model_cases,
};

kunit_test_suite(model_suite);

MODULE_DESCRIPTION("KUnit tests of mm_hooks against a model of an allocator");
MODULE_LICENSE("GPL");
