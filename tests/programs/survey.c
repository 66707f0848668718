// SPDX-License-Identifier: GPL-2.0-only
/*
 * survey: memory is filled, verified, freed and taken again, at random.
 *
 *   survey MIB SECONDS SEED [FILE]
 *
 * Regions of 4 KiB to 8 MiB hold numbers that depend on their region and index. At every
 * step a region is verified, and freed or filled again. Some regions ask for huge pages.
 * Some lose a part by MADV_DONTNEED, which must then read as zeros. With FILE, every
 * eighth region is a mapping of this file, which is truncated and grown again.
 *
 * A process per CPU does this with its share of MIB. At the end they verify all that is
 * left. Prints "verified BYTES wrong WORDS" and fails if any word was wrong.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define KIB		1024UL
#define MIB		(1024 * KIB)
#define PAGE		(4 * KIB)
#define REGIONS		4096
#define ORDERS		12	/* the largest region has 1 << (ORDERS - 1) pages */
#define PROCESSES	64
#define PRINTED		4	/* wrong words that each process describes */

struct region {
	uint64_t *words;
	size_t size;
	uint64_t seed;
	int fd;
};

struct result {
	uint64_t verified, wrong;
};

static struct region regions[REGIONS];
static uint64_t dice, used, limit;
static struct result *result;
static const char *file;

static void must(bool fine, const char *what)
{
	if (fine)
		return;
	perror(what);
	exit(2);
}

static uint64_t roll(void)
{
	dice ^= dice << 13;
	dice ^= dice >> 7;
	dice ^= dice << 17;
	return dice;
}

static uint64_t value(const struct region *r, size_t i)
{
	return (r->seed + i) * 0x9e3779b97f4a7c15ULL + 1;
}

static void fill(struct region *r)
{
	r->seed = roll();
	for (size_t i = 0; i < r->size / 8; i++)
		r->words[i] = value(r, i);
}

static void complain(const struct region *r, size_t i, uint64_t want)
{
	if (++result->wrong > PRINTED)
		return;
	fprintf(stderr, "survey: %p of %zu KiB: %#" PRIx64 " and not %#" PRIx64 "\n",
		(void *)&r->words[i], r->size / KIB, r->words[i], want);
}

/* Words from begin on are what they were, or zero. */
static void verify(const struct region *r, size_t begin, size_t end, bool zero)
{
	for (size_t i = begin; i < end; i++) {
		uint64_t want = zero ? 0 : value(r, i);

		if (r->words[i] != want)
			complain(r, i, want);
	}
	result->verified += 8 * (end - begin);
}

static void verify_all(const struct region *r)
{
	verify(r, 0, r->size / 8, false);
}

static int backing(const struct region *r)
{
	char path[256];
	int fd;

	if (!file || roll() % 8)
		return -1;
	snprintf(path, sizeof(path), "%s.%d.%zu", file, getpid(), r - regions);
	fd = open(path, O_RDWR | O_CREAT | O_TRUNC, 0600);
	must(fd >= 0 && !ftruncate(fd, (off_t)r->size) && !unlink(path), path);
	return fd;
}

static void take(struct region *r)
{
	r->size = PAGE << roll() % ORDERS;
	if (used + r->size > limit)
		r->size = PAGE;
	r->fd = backing(r);
	r->words = mmap(NULL, r->size, PROT_READ | PROT_WRITE,
			r->fd < 0 ? MAP_PRIVATE | MAP_ANONYMOUS : MAP_SHARED, r->fd, 0);
	must(r->words != MAP_FAILED, "mmap");
	if (r->fd < 0 && roll() % 2)
		madvise(r->words, r->size, MADV_HUGEPAGE);
	used += r->size;
	fill(r);
}

static void give(struct region *r)
{
	munmap(r->words, r->size);
	if (r->fd >= 0)
		close(r->fd);
	used -= r->size;
	r->words = NULL;
}

/* A part goes to the kernel and comes back as zeros. */
static void punch(struct region *r)
{
	size_t pages = r->size / PAGE, begin = roll() % pages;
	size_t end = begin + 1 + roll() % (pages - begin);

	must(!madvise((char *)r->words + begin * PAGE, (end - begin) * PAGE, MADV_DONTNEED),
	     "MADV_DONTNEED");
	verify(r, begin * PAGE / 8, end * PAGE / 8, true);
	verify(r, 0, begin * PAGE / 8, false);
	verify(r, end * PAGE / 8, r->size / 8, false);
	fill(r);
}

static void step(struct region *r)
{
	if (!r->words) {
		if (used + PAGE <= limit)
			take(r);
		return;
	}
	verify_all(r);
	switch (roll() % 4) {
	case 0:
		fill(r);
		break;
	case 1:
		if (r->fd < 0) {
			punch(r);
			break;
		}
		/* fall through */
	default:
		give(r);
	}
}

static void work(unsigned int seconds)
{
	time_t end = time(NULL) + seconds;

	while (time(NULL) < end)
		step(&regions[roll() % REGIONS]);
	for (int i = 0; i < REGIONS; i++)
		if (regions[i].words)
			verify_all(&regions[i]);
}

static bool ended_well(pid_t child)
{
	int status;

	return waitpid(child, &status, 0) == child && WIFEXITED(status) && !WEXITSTATUS(status);
}

int main(int argc, char **argv)
{
	struct result sum = { 0 }, *results;
	pid_t children[PROCESSES];
	bool fine = true;
	long count;

	if (argc < 4) {
		fprintf(stderr, "usage: survey MIB SECONDS SEED [FILE]\n");
		return 2;
	}
	file = argv[4];
	count = sysconf(_SC_NPROCESSORS_ONLN);
	count = count > PROCESSES ? PROCESSES : count;
	results = mmap(NULL, sizeof(*results) * PROCESSES, PROT_READ | PROT_WRITE,
		       MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	must(results != MAP_FAILED, "mmap");
	limit = strtoull(argv[1], NULL, 10) * MIB / (uint64_t)count;
	for (long i = 0; i < count; i++) {
		children[i] = fork();
		must(children[i] >= 0, "fork");
		if (children[i])
			continue;
		result = &results[i];
		dice = strtoull(argv[3], NULL, 10) * 2654435761U + (uint64_t)i + 1;
		work((unsigned int)strtoul(argv[2], NULL, 10));
		return 0;
	}
	for (long i = 0; i < count; i++) {
		fine &= ended_well(children[i]);
		sum.verified += results[i].verified;
		sum.wrong += results[i].wrong;
	}
	printf("verified %" PRIu64 " wrong %" PRIu64 "\n", sum.verified, sum.wrong);
	return !fine || sum.wrong;
}
