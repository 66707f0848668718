// SPDX-License-Identifier: GPL-2.0-only
/*
 * buildmix: use memory like a build, and leave it fragmented.
 *
 *   buildmix DIR JOBS FIFO
 *
 * Each job writes small files (1 to 32 pages) into DIR, reads some again, and deletes
 * every fourth. In between it maps, touches and unmaps 1 to 8 MiB of memory. It keeps
 * single pages of each mapping, like a long-lived program. Four jobs run at a time.
 * This program makes FIFO when all jobs have done their work. Its children keep their
 * pages until a byte is written to FIFO. The random numbers have a fixed seed, so that
 * each run does the same.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#define PAGE	4096UL
#define PARALLEL	4
#define STEPS	120
#define KEEP_EVERY	16	/* pages */

static char data[32 * PAGE];

static uint32_t dice(uint64_t *state)
{
	*state = *state * 6364136223846793005ULL + 1442695040888963407ULL;
	return (uint32_t)(*state >> 33);
}

static void file_path(char *path, size_t size, const char *dir, int job, int step)
{
	snprintf(path, size, "%s/%d-%d", dir, job, step);
}

static void write_file(const char *path, size_t pages)
{
	int fd = open(path, O_CREAT | O_WRONLY | O_TRUNC, 0600);

	if (fd < 0 || write(fd, data, pages * PAGE) < 0)
		perror(path);
	close(fd);
}

static void read_file(const char *path)
{
	int fd = open(path, O_RDONLY);

	while (fd >= 0 && read(fd, data, sizeof(data)) > 0)
		;
	if (fd >= 0)
		close(fd);
}

/* In the middle part, keep only every KEEP_EVERY-th page. */
static void use_memory(size_t pages)
{
	char *start = mmap(NULL, pages * PAGE, PROT_READ | PROT_WRITE,
			   MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (start == MAP_FAILED)
		return;
	madvise(start, pages * PAGE, MADV_NOHUGEPAGE);
	for (size_t i = 0; i < pages; i++)
		start[i * PAGE] = 1;
	for (size_t i = 0; i < pages; i++)
		if (i % KEEP_EVERY || i < pages * 3 / 4)
			madvise(start + i * PAGE, PAGE, MADV_DONTNEED);
}

static void job_run(const char *dir, int job)
{
	uint64_t state = 1000003ULL * (unsigned int)job + 7;
	char path[256];

	for (int step = 0; step < STEPS; step++) {
		file_path(path, sizeof(path), dir, job, step);
		write_file(path, 1 + dice(&state) % 32);
		if (step % 2)
			use_memory(256 * (1 + dice(&state) % 8));
		file_path(path, sizeof(path), dir, job, (int)(dice(&state) % (step + 1U)));
		read_file(path);
		if (step % 4 == 3)
			unlink(path);
	}
}

int main(int argc, char **argv)
{
	int jobs = argc == 4 ? atoi(argv[2]) : 0;
	int done[2], hold[2];
	char byte = 0;
	int fd;

	if (jobs <= 0) {
		fprintf(stderr, "usage: buildmix DIR JOBS FIFO\n");
		return 2;
	}
	if (pipe(done) || pipe(hold))
		return 1;
	for (int job = 0; job < jobs; job++) {
		if (job >= PARALLEL && read(done[0], &byte, 1) != 1)
			return 1;
		if (!fork()) {
			close(hold[1]);
			job_run(argv[1], job);
			if (write(done[1], &byte, 1) != 1 || read(hold[0], &byte, 1) < 0)
				return 1;
			return 0;
		}
	}
	for (int job = 0; job < jobs && job < PARALLEL; job++)
		if (read(done[0], &byte, 1) != 1)
			return 1;
	if (mkfifo(argv[3], 0600))
		perror(argv[3]);
	fd = open(argv[3], O_RDONLY);
	if (fd < 0 || read(fd, &byte, 1) < 0)
		perror(argv[3]);
	close(hold[1]);
	while (wait(NULL) > 0)
		;
	return 0;
}
