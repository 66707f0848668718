// SPDX-License-Identifier: GPL-2.0-only
/*
 * rawclock: compare the clocks that a module shows with the kernel's own.
 *
 *   rawclock FOLDER COUNT
 *
 * Reads FOLDER/raw_ns and FOLDER/mono_ns COUNT times, each between two readings of
 * CLOCK_MONOTONIC_RAW and CLOCK_MONOTONIC. Fails if a value lies outside of its two
 * readings. This also detects any step back.
 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

struct shown {
	const char *name;
	clockid_t id;
	long long longest;	/* ns between the two readings around it */
};

static long long now(clockid_t id)
{
	struct timespec t;

	clock_gettime(id, &t);
	return t.tv_sec * 1000000000LL + t.tv_nsec;
}

static long long shown_ns(const char *folder, const char *name)
{
	char path[256], text[64] = "";
	int fd;

	snprintf(path, sizeof(path), "%s/%s", folder, name);
	fd = open(path, O_RDONLY);
	if (fd < 0 || read(fd, text, sizeof(text) - 1) <= 0) {
		perror(path);
		exit(1);
	}
	close(fd);
	return atoll(text);
}

static int compare(const char *folder, struct shown *clock)
{
	long long before = now(clock->id);
	long long value = shown_ns(folder, clock->name);
	long long after = now(clock->id);

	if (after - before > clock->longest)
		clock->longest = after - before;
	if (value >= before && value <= after)
		return 0;
	printf("%s: %lld is not between %lld and %lld\n", clock->name, value, before, after);
	return 1;
}

int main(int argc, char **argv)
{
	struct shown clocks[] = {
		{ "raw_ns", CLOCK_MONOTONIC_RAW, 0 },
		{ "mono_ns", CLOCK_MONOTONIC, 0 },
	};
	int count = argc == 3 ? atoi(argv[2]) : 0;
	int wrong = 0;

	if (count <= 0) {
		fprintf(stderr, "usage: rawclock FOLDER COUNT\n");
		return 2;
	}
	for (int i = 0; i < count && wrong < 10; i++)
		wrong += compare(argv[1], &clocks[i % 2]);
	printf("compared %d times, %d wrong, at most %lld and %lld ns apart\n", count, wrong,
	       clocks[0].longest, clocks[1].longest);
	return wrong ? 1 : 0;
}
