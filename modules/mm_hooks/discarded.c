// SPDX-License-Identifier: GPL-2.0-only
/*
 * Free pages that the host has discarded without a report: they came back from the
 * balloon.
 *
 * A bit for each page says so.  An engine that finds all pages of a free block
 * marked need not report it.  The bits take 4 KiB for each 32768 pages of which a
 * driver had some.
 *
 * No hook tells when such a page is allocated.  How many can have been is known: no
 * more than the guest has allocated, or migrated, since the first of them came back.
 * mmh_pace_trusts_discarded() says whether that is little, beside all that came back since.  Once
 * it is not, all bits are cleared, and the next page that comes back is the first.
 *
 * Who may run at the same time: drivers in process context, an engine's pass, the
 * native engine's free hook.  Words of bits change atomically.
 */
#include "discarded.h"

#include <linux/atomic.h>
#include <linux/bits.h>
#include <linux/bitops.h>
#include <linux/gfp.h>
#include <linux/minmax.h>
#include <linux/mm.h>
#include <linux/slab.h>
#include <linux/xarray.h>

#include "pace/pace.h"

/* The bits of a chunk take 4 KiB. */
#define CHUNK_ORDER 15
#define CHUNK_WORDS (BIT(CHUNK_ORDER) / BITS_PER_LONG)

struct chunk {
	unsigned long index;
	atomic_long_t *words;
};

static DEFINE_XARRAY(chunks);	/* stay until the module goes */
static struct chunk *found;	/* last, as the pages of a balloon are near each other */
static atomic_long_t marked = ATOMIC_LONG_INIT(0);	/* pages */
static atomic_long_t came = ATOMIC_LONG_INIT(0);	/* ever marked, since the first */
static atomic_long_t taken = ATOMIC_LONG_INIT(0);	/* pages that drivers have */
static bool stale;	/* some of those were taken before the last forget */
static bool trusted;	/* as judged last */
static u64 used_before;	/* bytes used when the first was marked */

static struct chunk *chunk_of(unsigned long pfn)
{
	unsigned long index = pfn >> CHUNK_ORDER;
	struct chunk *chunk = READ_ONCE(found);

	if (chunk && chunk->index == index)
		return chunk;
	chunk = xa_load(&chunks, index);
	if (!chunk)
		return NULL;
	/* Pairs with the READ_ONCE() above, which the reads of the chunk depend on. */
	smp_store_release(&found, chunk);
	return chunk;
}

static void chunk_free(struct chunk *chunk)
{
	if (chunk)
		kfree(chunk->words);
	kfree(chunk);
}

/* Return: NULL without memory for it.  Then nothing is marked, and all is reported. */
static struct chunk *chunk_make(unsigned long pfn)
{
	struct chunk *chunk = chunk_of(pfn);

	if (chunk)
		return chunk;
	chunk = kzalloc(sizeof(*chunk), GFP_NOWAIT | __GFP_NOWARN);
	if (!chunk)
		return NULL;
	chunk->index = pfn >> CHUNK_ORDER;
	chunk->words = kcalloc(CHUNK_WORDS, sizeof(*chunk->words),
			       GFP_NOWAIT | __GFP_NOWARN);
	if (!chunk->words || xa_insert(&chunks, chunk->index, chunk,
				       GFP_NOWAIT | __GFP_NOWARN)) {
		chunk_free(chunk);
		return NULL;
	}
	return chunk;
}

/* The bits of a word, from @bit on, @n at the most. */
static unsigned long word_mask(unsigned long bit, unsigned long n)
{
	unsigned long last = min(bit + n, (unsigned long)BITS_PER_LONG) - 1;

	return GENMASK(last, bit);
}

/* Pages of a block do not cross a chunk.  Return: how many have changed. */
static long chunk_change(struct chunk *chunk, unsigned long pfn,
			 unsigned int order, bool mark)
{
	unsigned long bit = pfn & (BIT(CHUNK_ORDER) - 1);
	unsigned long end = bit + BIT(order);
	long changed = 0;

	while (bit < end) {
		atomic_long_t *word = &chunk->words[bit / BITS_PER_LONG];
		unsigned long mask = word_mask(bit % BITS_PER_LONG, end - bit);
		unsigned long old = mark ? atomic_long_fetch_or(mask, word) :
					   atomic_long_fetch_andnot(mask, word);

		changed += hweight_long(mask & (mark ? ~old : old));
		bit += hweight_long(mask);
	}
	return changed;
}

static bool chunk_has(const struct chunk *chunk, unsigned long pfn,
		      unsigned int order)
{
	unsigned long bit = pfn & (BIT(CHUNK_ORDER) - 1);
	unsigned long end = bit + BIT(order);

	while (bit < end) {
		unsigned long mask = word_mask(bit % BITS_PER_LONG, end - bit);

		if (~atomic_long_read(&chunk->words[bit / BITS_PER_LONG]) & mask)
			return false;
		bit += hweight_long(mask);
	}
	return true;
}

/* Return: how many of the pages were marked. */
static long clear(struct chunk *chunk, unsigned long pfn, unsigned int order)
{
	long cleared = chunk_change(chunk, pfn, order, false);

	if (cleared)
		atomic_long_sub(cleared, &marked);
	return cleared;
}

static void clear_all(void)
{
	struct chunk *chunk;
	unsigned long i;

	xa_for_each(&chunks, i, chunk)
		clear(chunk, i << CHUNK_ORDER, CHUNK_ORDER);
}

bool mmh_discarded_any(void)
{
	return atomic_long_read(&marked) > 0;
}

bool mmh_discarded_has_room(unsigned long pfn)
{
	return !READ_ONCE(stale) && chunk_of(pfn);
}

void mmh_discarded_start(u64 used)
{
	WRITE_ONCE(used_before, used);
	atomic_long_set(&came, 0);
}

void mmh_discarded_mark(unsigned long pfn, unsigned int order)
{
	struct chunk *chunk = chunk_of(pfn);
	long changed;

	changed = chunk_change(chunk, pfn, order, true);
	atomic_long_add(changed, &marked);
	atomic_long_add(changed, &came);
}

/* A kernel that does not count allocations tells nothing: nothing is trusted. */
void mmh_discarded_judge(u64 used)
{
	u64 before = READ_ONCE(used_before);
	u64 bytes;

	if (!mmh_discarded_any() || !IS_ENABLED(CONFIG_VM_EVENT_COUNTERS))
		return;
	bytes = (u64)atomic_long_read(&came) << PAGE_SHIFT;
	used -= min(used, before);
	WRITE_ONCE(trusted, mmh_pace_trusts_discarded(bytes, used));
	if (!READ_ONCE(trusted))
		clear_all();
}

bool mmh_discarded_has(unsigned long pfn, unsigned int order)
{
	const struct chunk *chunk = chunk_of(pfn);

	return chunk && chunk_has(chunk, pfn, order);
}

bool mmh_discarded_spare(unsigned long pfn, unsigned int order)
{
	struct chunk *chunk;

	if (!READ_ONCE(trusted))
		return false;
	chunk = chunk_of(pfn);
	if (!chunk || !chunk_has(chunk, pfn, order))
		return false;
	clear(chunk, pfn, order);
	return true;
}

bool mmh_discarded_pages_taken(unsigned long pfn, unsigned int order)
{
	struct chunk *chunk = chunk_make(pfn);

	atomic_long_add(1L << order, &taken);
	/* Only the caller has these pages, so no other task marks them now. */
	return chunk && mmh_discarded_any() &&
	       clear(chunk, pfn, order) == 1L << order;
}

void mmh_discarded_pages_returned(unsigned int order)
{
	if (!atomic_long_sub_return(1L << order, &taken))
		WRITE_ONCE(stale, false);
}

void mmh_discarded_forget(void)
{
	WRITE_ONCE(stale, atomic_long_read(&taken) > 0);
	clear_all();
}

void mmh_discarded_exit(void)
{
	struct chunk *chunk;
	unsigned long i;

	xa_for_each(&chunks, i, chunk)
		chunk_free(chunk);
	xa_destroy(&chunks);
}
