// SPDX-License-Identifier: GPL-2.0-only
/*
 * scatter: free every second page of a file in memory, or every second run of PAGES pages, or
 * runs of PAGES pages with KEEP pages between them.
 *
 *   scatter FILE [PAGES [KEEP]]
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <linux/falloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#define PAGE	4096

int main(int argc, char **argv)
{
	off_t run = PAGE * (argc > 2 ? atol(argv[2]) : 1);
	off_t keep = argc > 3 ? PAGE * atol(argv[3]) : run;
	struct stat st;
	int fd;

	if (argc < 2 || argc > 4 || run <= 0 || keep <= 0) {
		fprintf(stderr, "usage: scatter FILE [PAGES [KEEP]]\n");
		return 2;
	}
	fd = open(argv[1], O_RDWR);
	if (fd < 0 || fstat(fd, &st)) {
		perror(argv[1]);
		return 1;
	}
	for (off_t at = 0; at < st.st_size; at += run + keep) {
		if (fallocate(fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, at, run)) {
			perror("scatter: fallocate");
			return 1;
		}
	}
	return close(fd) ? 1 : 0;
}
