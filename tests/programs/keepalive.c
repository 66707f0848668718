// SPDX-License-Identifier: GPL-2.0-only
/*
 * keepalive: start any number of kernel timers from a program.
 *
 *   keepalive COUNT
 *
 * Setting SO_KEEPALIVE starts a timer of the connection's socket, and clearing it stops
 * the timer. Prints "timers N ns_each X" by CLOCK_MONOTONIC. The loopback interface must
 * be up.
 */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <time.h>

static void must(int bad, const char *what)
{
	if (!bad)
		return;
	perror(what);
	exit(1);
}

static double now_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec * 1e9 + (double)t.tv_nsec;
}

/* One end of a connection to itself. The other end stays open. */
static int connection(void)
{
	struct sockaddr_in at = { .sin_family = AF_INET,
				  .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t size = sizeof(at);
	int listener = socket(AF_INET, SOCK_STREAM, 0);
	int end = socket(AF_INET, SOCK_STREAM, 0);

	must(listener < 0 || end < 0, "keepalive: socket");
	must(bind(listener, (struct sockaddr *)&at, size), "keepalive: bind");
	must(listen(listener, 1), "keepalive: listen");
	must(getsockname(listener, (struct sockaddr *)&at, &size), "keepalive: getsockname");
	must(connect(end, (struct sockaddr *)&at, size), "keepalive: connect");
	must(accept(listener, NULL, NULL) < 0, "keepalive: accept");
	return end;
}

static void set(int end, int on)
{
	must(setsockopt(end, SOL_SOCKET, SO_KEEPALIVE, &on, sizeof(on)), "keepalive: setsockopt");
}

int main(int argc, char **argv)
{
	unsigned long count = argc > 1 ? strtoul(argv[1], NULL, 0) : 0;
	double begun;
	int end;

	if (!count) {
		fprintf(stderr, "usage: keepalive COUNT\n");
		return 2;
	}
	end = connection();
	begun = now_ns();
	for (unsigned long i = 0; i < count; i++) {
		set(end, 1);
		set(end, 0);
	}
	printf("timers %lu ns_each %.3f\n", count, (now_ns() - begun) / (double)count);
	return 0;
}
