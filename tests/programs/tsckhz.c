// SPDX-License-Identifier: GPL-2.0-only
/*
 * tsckhz: print the rate of the time stamp counter in kHz, measured for 0.3 s.
 *
 * The lab runs it on the host. Under TCG the guest's counter is the host's counter. On a
 * busy host a guest that calibrates it finds a wrong rate, or none.
 */
#include <stdint.h>
#include <stdio.h>
#include <time.h>
#include <unistd.h>
#include <x86intrin.h>

#define TRIES	64

struct sample {
	uint64_t ticks;
	uint64_t ns;
};

static uint64_t clock_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000000000 + (uint64_t)t.tv_nsec;
}

/* The pair of readings with the shortest distance, of several pairs. */
static struct sample take(void)
{
	struct sample best = { 0, 0 };
	uint64_t nearest = UINT64_MAX;

	for (int i = 0; i < TRIES; i++) {
		uint64_t before = __rdtsc();
		uint64_t ns = clock_ns();
		uint64_t after = __rdtsc();

		if (after - before < nearest) {
			nearest = after - before;
			best = (struct sample){ before + nearest / 2, ns };
		}
	}
	return best;
}

int main(void)
{
	struct sample first = take(), last;

	usleep(300000);
	last = take();
	printf("%.0f\n", (double)(last.ticks - first.ticks) * 1e6 /
			 (double)(last.ns - first.ns));
	return 0;
}
