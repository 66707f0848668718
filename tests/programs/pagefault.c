// SPDX-License-Identifier: GPL-2.0-only
/*
 * pagefault: map memory, touch each page, unmap, in one task or several.
 *
 *   pagefault anon|file TASKS ROUNDS MIB [STRIDE]
 *
 * anon: anonymous memory, with huge pages if the system enables them.
 * file: a private mapping of a file in /tmp. Each page is written, so the kernel copies
 * it. Each task has its own file.
 * STRIDE: the distance of two touches in pages, modulo the size. It must have no common
 * factor with the number of pages, so use a prime. The default is 1.
 *
 * All tasks start together. Prints "pages N seconds S": the pages that all tasks have
 * touched, and the time until the last task was done. Files are made before that time
 * and freed after it.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define MIB	(1UL << 20)
#define PAGE	4096

static double now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static void die(const char *what)
{
	perror(what);
	_exit(1);
}

static int open_file(size_t size)
{
	char path[] = "/tmp/pagefault-XXXXXX";
	int fd = mkstemp(path);

	if (fd < 0 || unlink(path) || posix_fallocate(fd, 0, (off_t)size))
		die("pagefault: file");
	return fd;
}

static void once(int fd, size_t size, size_t stride)
{
	int flags = MAP_PRIVATE | (fd < 0 ? MAP_ANONYMOUS : 0);
	char *start = mmap(NULL, size, PROT_READ | PROT_WRITE, flags, fd, 0);

	if (start == MAP_FAILED)
		die("pagefault: mmap");
	for (size_t n = 0, at = 0; n < size; n += PAGE, at = (at + stride) % size)
		start[at] = 1;
	munmap(start, size);
}

static void tell(int fd)
{
	char byte = 0;

	if (write(fd, &byte, 1) != 1)
		die("pagefault: pipe");
}

/* Waits for a byte of each task. If a task fails, all tasks end. */
static void await(int fd, unsigned long tasks)
{
	char byte;

	while (tasks--)
		if (read(fd, &byte, 1) != 1)
			die("pagefault: a task");
}

/* A task: reports that it is ready, waits for the start, works, reports the end. */
static void task(int file, unsigned long rounds, size_t size, size_t stride, int told,
		 int go)
{
	int fd = file ? open_file(size) : -1;
	char byte;

	once(fd, size, stride);
	tell(told);
	if (read(go, &byte, 1) < 0)
		die("pagefault: start");
	while (rounds--)
		once(fd, size, stride);
	tell(told);
	_exit(0);
}

/* A stride reaches every page if it has no common factor with their number. */
static bool reaches_all(unsigned long stride, unsigned long pages)
{
	while (stride) {
		unsigned long rest = pages % stride;

		pages = stride;
		stride = rest;
	}
	return pages == 1;
}

int main(int argc, char **argv)
{
	int file = argc >= 5 && !strcmp(argv[1], "file");
	unsigned long tasks, rounds, mib, stride;
	int told[2], go[2], status;
	double begun, seconds;

	if (argc < 5 || argc > 6 || (!file && strcmp(argv[1], "anon"))) {
		fprintf(stderr, "usage: pagefault anon|file TASKS ROUNDS MIB [STRIDE]\n");
		return 2;
	}
	tasks = strtoul(argv[2], NULL, 0);
	rounds = strtoul(argv[3], NULL, 0);
	mib = strtoul(argv[4], NULL, 0);
	stride = argc == 6 ? strtoul(argv[5], NULL, 0) : 1;
	if (!reaches_all(stride, mib * MIB / PAGE)) {
		fprintf(stderr, "pagefault: %lu MiB in steps of %lu pages: not every page is reached; take a prime\n",
			mib, stride);
		return 2;
	}
	if (pipe(told) || pipe(go))
		die("pagefault: pipe");
	for (unsigned long i = 0; i < tasks; i++) {
		if (!fork()) {
			close(go[1]);
			task(file, rounds, mib * MIB, stride * PAGE, told[1], go[0]);
		}
	}
	close(told[1]);
	await(told[0], tasks);
	begun = now();
	close(go[1]);		/* start: all tasks read its end */
	await(told[0], tasks);
	seconds = now() - begun;
	for (unsigned long i = 0; i < tasks; i++)
		if (wait(&status) < 0 || status)
			return 1;
	printf("pages %lu seconds %.9f\n", tasks * rounds * (mib * MIB / PAGE), seconds);
	return 0;
}
