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
#include "../native/cursor.c"

#define BASE (3 * BLOCKS_ALIGN)
#define PAGES BLOCKS_ALIGN
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
	struct blocks b;
	struct rnd_state dice;
	bool used[PAGES];
	bool out[PAGES];	/* with the host at this moment */
	bool held[PAGES];	/* by unit */
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
	       !memchr(m->out + page, true, 1UL << order);
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
		m->held[i >> m->b.unit_order] = true;
	}
}

static void model_free(struct model *m, unsigned long page, unsigned int order)
{
	memset(m->used + page, false, 1UL << order);
	if (block_order(m, page) >= m->b.unit_order)
		blocks_freed(&m->b, BASE + page, order, m->now);
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

/* As scan.c and flight.c do it; some reports fail. */
static void model_pass(struct kunit *test, struct model *m)
{
	struct blocks *b = &m->b;
	unsigned long unit = 0;

	while ((unit = blocks_next(b, unit, b->units)) < b->units) {
		struct blocks_run run = { .first = unit, .count = 1 };
		bool fails = !roll(m, 16);

		if (!all_free(m, unit << b->unit_order, b->unit_order)) {
			blocks_drop(b, unit++);
			continue;
		}
		run = blocks_take(b, unit, unit + 1);
		KUNIT_ASSERT_EQ(test, run.count, 1UL);
		blocks_back(b, run, !fails);
		m->reported += !fails;
		m->returned += !fails && m->held[unit];
		if (!fails)
			m->held[unit] = false;
		unit++;
	}
}

/* What the map must never get wrong. */
static void model_check(struct kunit *test, const struct model *m)
{
	const struct blocks *b = &m->b;
	unsigned long unit;

	for (unit = 0; unit < b->units; unit++) {
		bool idle = all_free(m, unit << b->unit_order, b->unit_order);
		bool fresh = test_bit(unit, b->fresh);

		KUNIT_ASSERT_FALSE_MSG(test, fresh && test_bit(unit, b->gone),
				       "unit %lu is fresh and gone", unit);
		KUNIT_ASSERT_FALSE_MSG(test, idle && m->held[unit] && !fresh,
				       "unit %lu is forgotten", unit);
		KUNIT_ASSERT_FALSE_MSG(test, idle && !m->held[unit] && fresh,
				       "unit %lu would be reported again", unit);
	}
	KUNIT_ASSERT_EQ(test, b->fresh_units,
			(unsigned long)bitmap_weight(b->fresh, b->units));
	KUNIT_ASSERT_EQ(test, b->gone_units,
			(unsigned long)bitmap_weight(b->gone, b->units));
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
	memset(m->held, true, sizeof(m->held));
	blocks_init(&m->b, BASE, PAGES, unit_order,
		    kunit_kzalloc(test, blocks_memory(PAGES, unit_order),
				  GFP_KERNEL), 1000);
	KUNIT_ASSERT_NOT_NULL(test, m->b.fresh);
	m->reported = 0;
	m->returned = 0;
	blocks_absent(&m->b, 0, m->b.units);
}

static void random_frees_are_all_reported_once(struct kunit *test)
{
	struct model *m = model_make(test);
	unsigned int unit_order, round, step;

	for (unit_order = 0; unit_order <= 9; unit_order += 3) {
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
 * Flights, as in scan.c and flight.c: one block each, of which a chain of few
 * entries may hold a part only.  Several are out while the guest goes on, they
 * land in any order, some fail, and at times all is forgotten.  A pass sends few
 * small blocks; the next one begins where it had to stop.
 */
#define MODEL_FLIGHTS 3
#define MODEL_ENTRIES 4
#define MODEL_SMALL 9	/* blocks below that order are small */
#define MODEL_RATION 200

struct model_flight {
	unsigned long page;
	unsigned int order;
	struct blocks_run runs[MODEL_ENTRIES];
	unsigned int count;	/* 0: not out */
	bool forgotten;
};

/* Forgets once a round at most, or there is no end of what is to be sent. */
struct model_sky {
	struct model_flight flights[MODEL_FLIGHTS];
	unsigned int out;
	bool may_forget;
	unsigned int ration;	/* of this pass */
	unsigned long resume;
};

static void model_land(struct model *m, struct model_sky *sky,
		       struct model_flight *f)
{
	bool fails = !roll(m, 16);
	unsigned int i;

	for (i = 0; i < f->count; i++) {
		blocks_back(&m->b, f->runs[i], !fails && !f->forgotten);
		if (!fails && !f->forgotten)
			memset(m->held + f->runs[i].first, false,
			       f->runs[i].count);
	}
	memset(m->out + f->page, false, 1UL << f->order);
	f->count = 0;
	sky->out--;
}

static void model_land_one(struct model *m, struct model_sky *sky)
{
	unsigned int n = roll(m, MODEL_FLIGHTS);

	while (!sky->flights[n].count)
		n = (n + 1) % MODEL_FLIGHTS;
	model_land(m, sky, &sky->flights[n]);
}

static void model_fly(struct model *m, struct model_sky *sky,
		      unsigned long page, unsigned int order)
{
	struct model_flight *f = sky->flights;
	unsigned long unit = page >> m->b.unit_order;
	unsigned long end = (page + (1UL << order)) >> m->b.unit_order;

	while (f->count)
		f++;
	f->order = order;
	f->page = page;
	f->forgotten = false;
	memset(m->out + page, true, 1UL << order);
	while (f->count < MODEL_ENTRIES && blocks_next(&m->b, unit, end) < end)
		f->runs[f->count++] = blocks_take(&m->b, unit, end);
	sky->out++;
}

static void model_forget(struct model *m, struct model_sky *sky)
{
	unsigned int i;

	sky->may_forget = false;
	blocks_forget(&m->b, 0, m->b.units);
	memset(m->held, true, sizeof(m->held));
	for (i = 0; i < MODEL_FLIGHTS; i++)
		sky->flights[i].forgotten = true;
}

/* Return: was it sent? */
static bool model_visit(struct model *m, struct model_sky *sky,
			struct cursor *c, unsigned long unit)
{
	unsigned long page = unit << m->b.unit_order;
	unsigned int order;

	if (!all_free(m, page, m->b.unit_order)) {
		blocks_drop(&m->b, unit);
		c->at = BASE + ((unit + 1) << m->b.unit_order);
		return false;
	}
	order = block_order(m, page);
	page &= ~((1UL << order) - 1);
	c->at = BASE + page + (1UL << order);
	if (order < MODEL_SMALL && !sky->ration) {
		cursor_ration(c, BASE + page);
		return false;
	}
	sky->ration -= order < MODEL_SMALL;
	if (sky->out == MODEL_FLIGHTS)
		model_land_one(m, sky);
	model_fly(m, sky, page, order);
	return true;
}

static unsigned long model_unit(const struct blocks *b, unsigned long pfn)
{
	return blocks_unit(b, clamp_t(unsigned long, pfn, BASE, BASE + PAGES));
}

/* Half of a round.  Return: was anything sent? */
static bool model_sweep(struct model *m, struct model_sky *sky,
			struct cursor *c)
{
	unsigned long end = model_unit(&m->b, c->end);
	unsigned long unit;
	bool sent = false;

	while ((unit = blocks_next(&m->b, model_unit(&m->b, c->at), end)) <
	       end) {
		if (!model_visit(m, sky, c, unit))
			continue;
		sent = true;
		if (sky->may_forget && !roll(m, 50))
			model_forget(m, sky);
		model_step(m);
	}
	return sent;
}

/* The small blocks where the pass is to begin become a large one, partly gone. */
static void model_grow(struct model *m, unsigned long resume)
{
	if (resume && roll(m, 2))
		model_clear_block(m, ALIGN_DOWN(resume - BASE,
						1UL << TOP_ORDER));
}

/* Return: was anything sent? */
static bool model_fly_all(struct model *m, struct model_sky *sky)
{
	struct cursor c = cursor_begin(sky->resume);
	bool sent;

	model_grow(m, sky->resume);
	sky->ration = roll(m, MODEL_RATION) + 1;
	sent = model_sweep(m, sky, &c);
	if (cursor_turn(&c))
		sent |= model_sweep(m, sky, &c);
	sky->resume = cursor_resume(&c, 1UL << TOP_ORDER);
	while (sky->out)
		model_land_one(m, sky);
	return sent;
}

static void chains_forget_nothing(struct kunit *test)
{
	struct model *m = model_make(test);
	unsigned int unit_order, round, step, sweeps;
	struct model_sky sky = {};

	for (unit_order = 0; unit_order <= 9; unit_order += 3) {
		model_begin(test, m, unit_order);
		for (round = 0; round < 10; round++) {
			for (step = 0; step < 150; step++)
				model_step(m);
			model_clear(m);
			sky.may_forget = true;
			for (sweeps = 0; model_fly_all(m, &sky); sweeps++) {
				model_check(test, m);
				KUNIT_ASSERT_LT(test, sweeps, 500U);
			}
			/* Nothing that is free is left. */
			KUNIT_EXPECT_EQ(test, m->b.fresh_units, 0UL);
		}
	}
}

/* By larger or smaller units: the host holds a unit of which it holds a page. */
static void model_hold_by(struct model *m, unsigned int old, unsigned int new)
{
	unsigned long page;
	bool *pages = m->out; /* nothing is out */

	for (page = 0; page < PAGES; page++)
		pages[page] = m->held[page >> old];
	memset(m->held, false, sizeof(m->held));
	for (page = 0; page < PAGES; page++)
		m->held[page >> new] |= pages[page];
	memset(m->out, false, sizeof(m->out));
}

/* As zones.c does it; a busy guest goes on between two sections. */
static void model_change_unit(struct kunit *test, struct model *m,
			      unsigned int unit_order, bool busy)
{
	unsigned int order = max(unit_order, m->b.unit_order);
	void *memory = kunit_kzalloc(test, blocks_memory(PAGES, unit_order),
				     GFP_KERNEL);
	struct blocks old = m->b;
	u32 born = m->now++;
	unsigned long page;

	KUNIT_ASSERT_NOT_NULL(test, memory);
	blocks_init(&m->b, BASE, PAGES, unit_order, memory, born);
	model_hold_by(m, old.unit_order, unit_order);
	for (page = 0; page < PAGES; page += 1UL << order) {
		if (unit_order > old.unit_order || all_free(m, page, order))
			blocks_carry(&m->b, &old, BASE + page, order, born);
		if (busy && !roll(m, max(PAGES >> order >> 4, 1UL)))
			model_step(m);
	}
	kunit_kfree(test, old.fresh);
}

/* What was freed meanwhile is fresh as a whole, and so reported once more. */
static void model_hold_fresh(struct model *m)
{
	unsigned long unit;

	for (unit = 0; unit < m->b.units; unit++)
		m->held[unit] |= test_bit(unit, m->b.fresh);
}

static void model_other_units(struct kunit *test, struct model *m, bool busy)
{
	unsigned int round, step, carried = 0;

	model_begin(test, m, 9);
	for (round = 0; round < 60; round++) {
		for (step = 0; step < 100; step++)
			model_step(m);
		model_clear(m);
		model_pass(test, m);
		model_change_unit(test, m, roll(m, 10), busy);
		if (busy)
			model_hold_fresh(m);
		model_check(test, m);
		carried += m->b.gone_units > 0;
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
	KUNIT_CASE(chains_forget_nothing),
	{}
};

static struct kunit_suite model_suite = {
	.name = "mm_hooks_model",
	.test_cases = model_cases,
};

kunit_test_suite(model_suite);

MODULE_DESCRIPTION("KUnit tests of mm_hooks against a model of an allocator");
MODULE_LICENSE("GPL");
