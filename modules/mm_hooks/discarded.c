// SPDX-License-Identifier: GPL-2.0-only
/*
 * Free pages that the host has discarded without a report: they came back from the
 * balloon.
 *
 * A bit for each page says so.  An engine that finds all pages of a free block
 * marked need not report it.  The bits take 4 KiB for each 128 MiB of which a
 * driver had pages.
 *
 * No hook tells when such a page is allocated.  How many can have been is known: no
 * more than the guest has allocated, or migrated, since the first of them came back.
 * pace_trusts() says whether that is little, beside all that came back since.  Once
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
#include <linux/module.h>
#include <linux/slab.h>
#include <linux/xarray.h>

#include <vmhooks/mm_hooks.h>

#include "mm.h"
#include "pace.h"
#include "pacer.h"
#include "registry.h"

/* The bits of a chunk fill a page. */
#define CHUNK_ORDER (PAGE_SHIFT + 3)
#define CHUNK_WORDS (BIT(CHUNK_ORDER) / BITS_PER_LONG)

struct chunk {
	atomic_long_t words[CHUNK_WORDS];
};

static DEFINE_XARRAY(chunks);	/* stay until the module goes */
static atomic_long_t marked = ATOMIC_LONG_INIT(0);	/* pages */
static atomic_long_t came = ATOMIC_LONG_INIT(0);	/* ever marked, since the first */
static atomic_long_t held = ATOMIC_LONG_INIT(0);	/* pages that drivers have */
static bool stale;	/* some of those were held when all was forgotten */
static bool trusted;	/* as judged last */
static u64 used_before;	/* mm_hooks_pacer_used() when the first was marked */

static struct chunk *chunk_of(unsigned long pfn)
{
	return xa_load(&chunks, pfn >> CHUNK_ORDER);
}

/* Without memory for it nothing is marked, and all is reported. */
static void chunk_make(unsigned long pfn)
{
	struct chunk *chunk;

	if (chunk_of(pfn))
		return;
	chunk = kzalloc(sizeof(*chunk), GFP_NOWAIT | __GFP_NOWARN);
	if (chunk && xa_insert(&chunks, pfn >> CHUNK_ORDER, chunk,
			       GFP_NOWAIT | __GFP_NOWARN))
		kfree(chunk);
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

static void clear(unsigned long pfn, unsigned int order)
{
	struct chunk *chunk = chunk_of(pfn);

	if (chunk)
		atomic_long_sub(chunk_change(chunk, pfn, order, false), &marked);
}

static void clear_all(void)
{
	struct chunk *chunk;
	unsigned long i;

	xa_for_each(&chunks, i, chunk)
		clear(i << CHUNK_ORDER, CHUNK_ORDER);
}

bool mm_hooks_discarded_any(void)
{
	return atomic_long_read(&marked) > 0;
}

/* Where a free writes to the page, the host backs it again. */
static bool free_writes(void)
{
	return want_init_on_free() || page_poisoning_enabled_static();
}

static void mark(unsigned long pfn, unsigned int order)
{
	struct chunk *chunk = chunk_of(pfn);
	long changed;

	if (!chunk)
		return;
	if (!mm_hooks_discarded_any()) {
		WRITE_ONCE(used_before, mm_hooks_pacer_used());
		atomic_long_set(&came, 0);
	}
	changed = chunk_change(chunk, pfn, order, true);
	atomic_long_add(changed, &marked);
	atomic_long_add(changed, &came);
}

/* A kernel that does not count allocations tells nothing: nothing is trusted. */
void mm_hooks_discarded_judge(void)
{
	u64 before = READ_ONCE(used_before);
	u64 bytes, used;

	if (!mm_hooks_discarded_any() || !IS_ENABLED(CONFIG_VM_EVENT_COUNTERS))
		return;
	bytes = (u64)atomic_long_read(&came) << PAGE_SHIFT;
	used = mm_hooks_pacer_used();
	used -= min(used, before);
	WRITE_ONCE(trusted, pace_trusts(bytes, used));
	if (!READ_ONCE(trusted))
		clear_all();
}

bool mm_hooks_discarded_has(unsigned long pfn, unsigned int order)
{
	const struct chunk *chunk = chunk_of(pfn);

	return chunk && chunk_has(chunk, pfn, order);
}

bool mm_hooks_discarded_take(unsigned long pfn, unsigned int order)
{
	if (!READ_ONCE(trusted) || !mm_hooks_discarded_has(pfn, order))
		return false;
	clear(pfn, order);
	return true;
}

void mm_hooks_discarded_forget(void)
{
	WRITE_ONCE(stale, atomic_long_read(&held) > 0);
	clear_all();
}

bool mm_hooks_pages_taken(struct page *page, unsigned int order)
{
	unsigned long pfn = page_to_pfn(page);
	bool gone;

	mm_hooks_pacer_taken((u64)PAGE_SIZE << order);
	atomic_long_add(1L << order, &held);
	chunk_make(pfn);
	gone = mm_hooks_discarded_has(pfn, order);
	clear(pfn, order);
	if (want_init_on_alloc(0))
		return false;
	return gone || mm_hooks_engine_holds(page, order);
}
EXPORT_SYMBOL_GPL(mm_hooks_pages_taken);

void mm_hooks_pages_returned(struct page *page, unsigned int order,
			     bool discarded)
{
	if (discarded && !READ_ONCE(stale) && !free_writes())
		mark(page_to_pfn(page), order);
	mm_hooks_pacer_returned((u64)PAGE_SIZE << order);
	if (!atomic_long_sub_return(1L << order, &held))
		WRITE_ONCE(stale, false);
}
EXPORT_SYMBOL_GPL(mm_hooks_pages_returned);

void mm_hooks_discarded_exit(void)
{
	struct chunk *chunk;
	unsigned long i;

	xa_for_each(&chunks, i, chunk)
		kfree(chunk);
	xa_destroy(&chunks);
}
