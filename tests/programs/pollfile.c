// SPDX-License-Identifier: GPL-2.0-only
/*
 * pollfile FILE SECONDS: read a file of sysfs, and wait until the kernel notifies of a change.
 * Prints "polls" when it waits, then the new content.  The exit status is 1 after a timeout.
 */
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static void show(int fd)
{
	char text[64];
	ssize_t length = pread(fd, text, sizeof(text), 0);

	if (length < 0) {
		perror("pread");
		exit(2);
	}
	printf("%.*s", (int)length, text);
	fflush(stdout);
}

int main(int argc, char **argv)
{
	struct pollfd each = { .events = POLLPRI };

	if (argc != 3) {
		fprintf(stderr, "usage: pollfile FILE SECONDS\n");
		return 2;
	}
	each.fd = open(argv[1], O_RDONLY);
	if (each.fd < 0) {
		perror(argv[1]);
		return 2;
	}
	show(each.fd);
	printf("polls\n");
	fflush(stdout);
	if (poll(&each, 1, atoi(argv[2]) * 1000) != 1)
		return 1;
	show(each.fd);
	return 0;
}
