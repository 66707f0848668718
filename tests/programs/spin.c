// SPDX-License-Identifier: GPL-2.0-only
/*
 * spin: execute a fixed number of instructions in user space and measure their time.
 *
 *   spin MILLIONS
 *
 * Prints "ns X" by CLOCK_MONOTONIC. If an instruction takes a nanosecond (icount), the
 * difference between two runs is the work of the kernel in between.
 */
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

static long long now_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (long long)t.tv_sec * 1000000000 + t.tv_nsec;
}

int main(int argc, char **argv)
{
	unsigned long loops = argc > 1 ? strtoul(argv[1], NULL, 0) * 1000000 : 0;
	long long begun;

	if (!loops) {
		fprintf(stderr, "usage: spin MILLIONS\n");
		return 2;
	}
	begun = now_ns();
	while (loops--)
		__asm__ volatile("");
	printf("ns %lld\n", now_ns() - begun);
	return 0;
}
