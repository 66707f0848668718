// SPDX-License-Identifier: GPL-2.0-only
/*
 * memhog: map memory, touch all of it, keep it, free it.
 *
 *   memhog MIB [--thp | --nohuge] [--hold SECONDS] [--fifo PATH]
 *
 * Prints "held MIB" when all pages are touched. Frees them after SECONDS, when a byte
 * arrives on PATH (made if missing), or at SIGTERM or SIGUSR1. Without --hold and --fifo
 * it waits for a signal. Prints "freed MIB" after the unmap.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#define MIB	(1UL << 20)
#define HUGE	(2 * MIB)

struct options {
	unsigned long mib;
	int advice;		/* 0: the system default */
	double hold;		/* seconds; negative: until a signal or byte */
	const char *fifo;
};

static void usage(void)
{
	fprintf(stderr, "usage: memhog MIB [--thp | --nohuge] [--hold SECONDS] [--fifo PATH]\n");
	exit(2);
}

static struct options parse(int argc, char **argv)
{
	struct options o = { .hold = -1 };

	for (int i = 1; i < argc; i++) {
		if (!strcmp(argv[i], "--thp"))
			o.advice = MADV_HUGEPAGE;
		else if (!strcmp(argv[i], "--nohuge"))
			o.advice = MADV_NOHUGEPAGE;
		else if (!strcmp(argv[i], "--hold") && i + 1 < argc)
			o.hold = atof(argv[++i]);
		else if (!strcmp(argv[i], "--fifo") && i + 1 < argc)
			o.fifo = argv[++i];
		else if (!o.mib)
			o.mib = strtoul(argv[i], NULL, 0);
		else
			usage();
	}
	if (!o.mib)
		usage();
	return o;
}

/* A multiple of 2 MiB, aligned to it, so that --thp can use huge pages. */
static char *map(size_t size, int advice)
{
	char *raw = mmap(NULL, size + HUGE, PROT_READ | PROT_WRITE,
			 MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	char *start;

	if (raw == MAP_FAILED) {
		perror("memhog: mmap");
		exit(1);
	}
	start = (char *)(((unsigned long)raw + HUGE - 1) & ~(HUGE - 1));
	if (advice && madvise(start, size, advice))
		perror("memhog: madvise");
	return start;
}

static void touch(char *start, size_t size)
{
	for (size_t at = 0; at < size; at += 4096)
		start[at] = (char)(at >> 12) | 1;
}

static void on_signal(int signal)
{
	(void)signal;		/* its only effect is to end pause(), sleep and read */
}

static void wait_fifo(const char *path)
{
	char byte;
	int fd;

	if (mkfifo(path, 0600) && errno != EEXIST)
		perror(path);
	fd = open(path, O_RDONLY);
	if (fd < 0 || read(fd, &byte, 1) < 0)
		perror(path);
	close(fd);
}

static void hold(const struct options *o)
{
	if (o->fifo)
		wait_fifo(o->fifo);
	else if (o->hold >= 0)
		usleep((useconds_t)(o->hold * 1e6));
	else
		pause();
}

int main(int argc, char **argv)
{
	struct options o = parse(argc, argv);
	struct sigaction action = { .sa_handler = on_signal };
	size_t size = (o.mib * MIB + HUGE - 1) & ~(HUGE - 1);
	char *start;

	setvbuf(stdout, NULL, _IOLBF, 0);
	sigaction(SIGTERM, &action, NULL);
	sigaction(SIGUSR1, &action, NULL);
	start = map(size, o.advice);
	touch(start, size);
	printf("held %lu\n", o.mib);
	hold(&o);
	if (munmap(start, size)) {
		perror("memhog: munmap");
		return 1;
	}
	printf("freed %lu\n", o.mib);
	return 0;
}
