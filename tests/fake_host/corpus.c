// SPDX-License-Identifier: GPL-2.0-only
/* Sequences that reached code which none before them had reached. */
#include <linux/minmax.h>
#include <linux/string.h>
#include <linux/vmalloc.h>

#include "fuzz.h"

#define CORPUS_MAX 4096

static struct {
	u8 n;
	u8 bytes[FZ_MAX];
} *corpus;
static unsigned int size;

int fz_corpus_init(void)
{
	corpus = vzalloc(array_size(CORPUS_MAX, sizeof(*corpus)));
	return corpus ? 0 : -ENOMEM;
}

void fz_corpus_exit(void)
{
	vfree(corpus);
}

void fz_corpus_add(const u8 *bytes, unsigned int n)
{
	if (size == CORPUS_MAX)
		return;
	n = min(n, FZ_MAX);
	memcpy(corpus[size].bytes, bytes, n);
	corpus[size].n = n;
	size++;
}

const u8 *fz_corpus_get(unsigned int i, unsigned int *n)
{
	*n = corpus[i].n;
	return corpus[i].bytes;
}

unsigned int fz_corpus_size(void)
{
	return size;
}
