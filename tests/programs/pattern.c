// SPDX-License-Identifier: GPL-2.0-only
/*
 * pattern: fill memory with numbers that depend on the address, and check them later.
 *
 *   pattern MIB FIFO
 *
 * Makes FIFO when the memory is filled. Each byte written to it starts a check. The
 * result, "intact" or "broken N", goes to FIFO.result.
 */
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#define MIB	(1UL << 20)

static uint64_t value(size_t index)
{
	return index * 0x9e3779b97f4a7c15ULL + 1;
}

static size_t broken(const uint64_t *words, size_t count)
{
	size_t wrong = 0;

	for (size_t i = 0; i < count; i++)
		wrong += words[i] != value(i);
	return wrong;
}

static void report(const char *fifo, size_t wrong)
{
	char path[256];
	FILE *out;

	snprintf(path, sizeof(path), "%s.result", fifo);
	out = fopen(path, "w");
	if (!out)
		return;
	if (wrong)
		fprintf(out, "broken %zu\n", wrong);
	else
		fprintf(out, "intact\n");
	fclose(out);
}

static void serve(const char *fifo, const uint64_t *words, size_t count)
{
	char byte;
	int fd;

	for (;;) {
		fd = open(fifo, O_RDONLY);
		if (fd < 0)
			return;
		if (read(fd, &byte, 1) > 0)
			report(fifo, broken(words, count));
		close(fd);
	}
}

int main(int argc, char **argv)
{
	size_t size = argc == 3 ? strtoul(argv[1], NULL, 0) * MIB : 0;
	size_t count = size / sizeof(uint64_t);
	uint64_t *words;

	if (!size) {
		fprintf(stderr, "usage: pattern MIB FIFO\n");
		return 2;
	}
	words = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (words == MAP_FAILED) {
		perror("pattern: mmap");
		return 1;
	}
	for (size_t i = 0; i < count; i++)
		words[i] = value(i);
	if (mkfifo(argv[2], 0600)) {
		perror(argv[2]);
		return 1;
	}
	serve(argv[2], words, count);
	return 1;
}
