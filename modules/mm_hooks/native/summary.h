/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A bitmap with a bit above each of its words, and so on up to one word: without kernel
 * state.  The next bit that is set is found in a step or two for each level, however
 * far it is.
 */
#ifndef MMH_SUMMARY_H
#define MMH_SUMMARY_H

#include <linux/types.h>

/* With 64 bits in a word, enough for 2^30 of them. */
#define SUMMARY_LEVELS 5

/**
 * struct mmh_summary - such a bitmap
 * @bits:   number of bits of the lowest level
 * @levels: number of levels
 * @words:  the levels.  A bit is set while its word of the level below is not 0.
 */
struct mmh_summary {
	unsigned long bits;
	unsigned int levels;
	unsigned long *words[SUMMARY_LEVELS];
};

/**
 * mmh_summary_memory() - what a bitmap needs
 * @bits: number of bits
 *
 * Return: bytes.
 */
size_t mmh_summary_memory(unsigned long bits);

/**
 * mmh_summary_init() - no bit is set
 * @s:	    what to fill
 * @bits:   number of bits
 * @memory: mmh_summary_memory() bytes, zeroed, aligned to a long
 */
void mmh_summary_init(struct mmh_summary *s, unsigned long bits, void *memory);

/**
 * mmh_summary_set() - set a bit
 * @s:	 the bitmap
 * @bit: the bit
 */
void mmh_summary_set(struct mmh_summary *s, unsigned long bit);

/**
 * mmh_summary_clear() - clear a bit
 * @s:	 the bitmap
 * @bit: the bit
 */
void mmh_summary_clear(struct mmh_summary *s, unsigned long bit);

/**
 * mmh_summary_next() - the next bit that is set
 * @s:	  the bitmap
 * @from: where to begin
 *
 * Return: a bit, or the number of bits.
 */
unsigned long mmh_summary_next(const struct mmh_summary *s, unsigned long from);

#endif /* MMH_SUMMARY_H */
