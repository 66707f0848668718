// SPDX-License-Identifier: GPL-2.0-only
/*
 * churn: map, touch and unmap memory again and again.
 *
 *   churn MIB SECONDS [--thp | --nohuge] [--pause MS]
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

static double now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static void once(size_t size, int advice)
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
	munmap(start, size);
}

int main(int argc, char **argv)
{
	unsigned long mib = argc > 1 ? strtoul(argv[1], NULL, 0) : 0;
	double seconds = argc > 2 ? atof(argv[2]) : 0;
	unsigned long iterations = 0, pause_ms = 0;
	double begun = now();
	int advice = 0;

	for (int i = 3; i < argc; i++) {
		if (!strcmp(argv[i], "--thp"))
			advice = MADV_HUGEPAGE;
		else if (!strcmp(argv[i], "--nohuge"))
			advice = MADV_NOHUGEPAGE;
		else if (!strcmp(argv[i], "--pause") && i + 1 < argc)
			pause_ms = strtoul(argv[++i], NULL, 0);
		else
			mib = 0;
	}
	if (!mib || seconds <= 0) {
		fprintf(stderr, "usage: churn MIB SECONDS [--thp | --nohuge] [--pause MS]\n");
		return 2;
	}
	while (now() - begun < seconds) {
		once(mib * MIB, advice);
		iterations++;
		if (pause_ms)
			usleep((useconds_t)pause_ms * 1000);
	}
	printf("iterations %lu touched_bytes %lu seconds %.6f\n", iterations,
	       iterations * mib * MIB, now() - begun);
	return 0;
}
