// SPDX-License-Identifier: GPL-2.0-only
/* A bitmap with a bit above each of its words, and so on up to one word. */
#include "summary.h"

#include <linux/bitmap.h>
#include <linux/bitops.h>
#include <linux/bits.h>
#include <linux/minmax.h>

static unsigned int levels_of(unsigned long bits)
{
	unsigned int levels = 1;

	for (; bits > BITS_PER_LONG; levels++)
		bits = BITS_TO_LONGS(bits);
	return levels;
}

size_t mmh_summary_memory(unsigned long bits)
{
	unsigned int levels = levels_of(bits);
	size_t words = 0;

	while (levels--) {
		bits = max(BITS_TO_LONGS(bits), 1UL);
		words += bits;
	}
	return words * sizeof(unsigned long);
}

void mmh_summary_init(struct mmh_summary *s, unsigned long bits, void *memory)
{
	unsigned long *words = memory;
	unsigned int level;

	*s = (struct mmh_summary){ .bits = bits, .levels = levels_of(bits) };
	for (level = 0; level < s->levels; level++) {
		s->words[level] = words;
		bits = BITS_TO_LONGS(bits);
		words += bits;
	}
}

void mmh_summary_set(struct mmh_summary *s, unsigned long bit)
{
	unsigned int level;

	for (level = 0; level < s->levels; level++, bit /= BITS_PER_LONG)
		if (__test_and_set_bit(bit, s->words[level]))
			return;
}

void mmh_summary_clear(struct mmh_summary *s, unsigned long bit)
{
	unsigned int level;

	for (level = 0; level < s->levels; level++, bit /= BITS_PER_LONG) {
		__clear_bit(bit, s->words[level]);
		if (s->words[level][BIT_WORD(bit)])
			return;
	}
}

/* The first bit that is set in one word, from a bit of it on; BITS_PER_LONG for none. */
static unsigned long next_in_word(const unsigned long *word, unsigned long from)
{
	return find_next_bit(word, BITS_PER_LONG, from);
}

/* Up to a word that has a bit at or behind the place, and down along the first ones. */
unsigned long mmh_summary_next(const struct mmh_summary *s, unsigned long from)
{
	unsigned long at = from, bits = s->bits, bit;
	unsigned int level;

	for (level = 0; level < s->levels && at < bits; level++) {
		bit = next_in_word(&s->words[level][BIT_WORD(at)], at % BITS_PER_LONG);
		if (bit < BITS_PER_LONG) {
			at = BIT_WORD(at) * BITS_PER_LONG + bit;
			while (level--)
				at = at * BITS_PER_LONG +
				     next_in_word(&s->words[level][at], 0);
			return at;
		}
		at = BIT_WORD(at) + 1;
		bits = BITS_TO_LONGS(bits);
	}
	return s->bits;
}
