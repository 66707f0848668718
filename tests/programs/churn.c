// SPDX-License-Identifier: GPL-2.0-only
/*
 * churn: map, touch and unmap memory again and again.
 *
 *   churn MIB SECONDS [--thp | --nohuge] [--pause MS] [--pieces]
 *
 * With --pieces the memory is mapped once, and freed in pieces of 4 to 64 KiB that are not
 * neighbours. The size must be a power of two.
 *
 * Prints "iterations N touched_bytes B seconds S" at the end.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#define MIB	(1UL << 20)
#define PIECE	(128UL << 10)
#define STEP	1237UL

static double now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

/* An odd step visits each piece of a power of two once. */
static void free_pieces(char *start, size_t size)
{
	size_t count = size / PIECE;

	for (size_t i = 0; i < count; i++) {
		size_t piece = i * STEP % count;
		size_t part = 4096UL << piece % 5;

		for (size_t at = 0; at < PIECE; at += 2 * part)
			madvise(start + piece * PIECE + at, part, MADV_DONTNEED);
		for (size_t at = part; at < PIECE; at += 2 * part)
			madvise(start + piece * PIECE + at, part, MADV_DONTNEED);
	}
}

static void once(size_t size, int advice, int pieces)
{
	char *start = mmap(NULL, size, PROT_READ | PROT_WRITE,
			   MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

	if (start == MAP_FAILED) {
		perror("churn: mmap");
		exit(1);
	}
	if (advice && madvise(start, size, advice))
		perror("churn: madvise");
	for (size_t at = 0; at < size; at += 4096)
		start[at] = 1;
	if (pieces)
		free_pieces(start, size);
	munmap(start, size);
}

int main(int argc, char **argv)
{
	unsigned long mib = argc > 1 ? strtoul(argv[1], NULL, 0) : 0;
	double seconds = argc > 2 ? atof(argv[2]) : 0;
	unsigned long iterations = 0, pause_ms = 0;
	double begun = now();
	int advice = 0, pieces = 0;

	for (int i = 3; i < argc; i++) {
		if (!strcmp(argv[i], "--thp"))
			advice = MADV_HUGEPAGE;
		else if (!strcmp(argv[i], "--nohuge"))
			advice = MADV_NOHUGEPAGE;
		else if (!strcmp(argv[i], "--pause") && i + 1 < argc)
			pause_ms = strtoul(argv[++i], NULL, 0);
		else if (!strcmp(argv[i], "--pieces"))
			pieces = 1;
		else
			mib = 0;
	}
	if (!mib || seconds <= 0 || (pieces && mib & (mib - 1))) {
		fprintf(stderr,
			"usage: churn MIB SECONDS [--thp | --nohuge] [--pause MS] [--pieces]\n");
		return 2;
	}
	while (now() - begun < seconds) {
		once(mib * MIB, advice, pieces);
		iterations++;
		if (pause_ms)
			usleep((useconds_t)pause_ms * 1000);
	}
	printf("iterations %lu touched_bytes %lu seconds %.6f\n", iterations,
	       iterations * mib * MIB, now() - begun);
	return 0;
}
