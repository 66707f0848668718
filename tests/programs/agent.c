// SPDX-License-Identifier: GPL-2.0-only
/*
 * The guest's end of the lab's control port, run as process 1.
 *
 * From the host:  "r ID LEN\n" and LEN bytes: run them with sh -c
 *                 "k ID\n": kill that command and its process group
 * To the host:    "ready\n" once
 *                 "o ID LEN\n" and LEN bytes: output (stdout and stderr)
 *                 "x ID STATUS\n": the command's own process has ended
 *
 * Commands run at the same time, each in a session of its own. Processes that a
 * command leaves behind may go on writing: that output is read and dropped.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define MAX_COMMANDS	64
#define CHUNK		16384
#define MAX_SCRIPT	(1 << 20)

struct command {
	unsigned long id;
	pid_t pid;		/* 0: its process has ended */
	int fd;			/* -1: the slot is free */
	int closed;		/* nobody writes to it any more */
};

static struct command commands[MAX_COMMANDS];
static int port;

static void die(const char *what)
{
	perror(what);
	exit(1);
}

/* The host may be away for a while (a migration): wait for it. */
static void put(const char *data, size_t len)
{
	while (len) {
		ssize_t done = write(port, data, len);

		if (done > 0) {
			data += done;
			len -= done;
		} else if (done < 0 && errno != EINTR) {
			usleep(20000);
		}
	}
}

static void get(char *data, size_t len)
{
	while (len) {
		ssize_t done = read(port, data, len);

		if (done > 0) {
			data += done;
			len -= done;
		} else if (done == 0 || errno != EINTR) {
			usleep(20000);
		}
	}
}

static void get_line(char *line, size_t size)
{
	size_t used = 0;

	while (used + 1 < size) {
		get(line + used, 1);
		if (line[used] == '\n')
			break;
		used++;
	}
	line[used] = '\0';
}

static void send_exit(unsigned long id, int status)
{
	char line[64];

	put(line, snprintf(line, sizeof(line), "x %lu %d\n", id, status));
}

static void send_output(unsigned long id, const char *data, size_t len)
{
	char line[64];

	put(line, snprintf(line, sizeof(line), "o %lu %zu\n", id, len));
	put(data, len);
}

static void child(const char *script, int out)
{
	int null = open("/dev/null", O_RDONLY);
	sigset_t none;

	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	setsid();
	dup2(null, 0);
	dup2(out, 1);
	dup2(out, 2);
	execl("/bin/sh", "sh", "-c", script, NULL);
	_exit(127);
}

static void start(unsigned long id, const char *script)
{
	struct command *c = commands;
	int ends[2];

	while (c < commands + MAX_COMMANDS && c->fd >= 0)
		c++;
	if (c == commands + MAX_COMMANDS || pipe2(ends, O_CLOEXEC)) {
		send_exit(id, 126);
		return;
	}
	c->id = id;
	c->closed = 0;
	c->fd = ends[0];
	fcntl(ends[0], F_SETFL, O_NONBLOCK);
	c->pid = fork();
	if (c->pid == 0)
		child(script, ends[1]);
	close(ends[1]);
	if (c->pid < 0) {
		c->pid = 0;
		send_exit(id, 125);
	}
}

static void kill_command(unsigned long id)
{
	for (struct command *c = commands; c < commands + MAX_COMMANDS; c++)
		if (c->fd >= 0 && c->id == id && c->pid > 0)
			kill(-c->pid, SIGKILL);
}

static void serve(void)
{
	unsigned long id, len;
	char line[64];
	char *script;

	get_line(line, sizeof(line));
	if (sscanf(line, "k %lu", &id) == 1) {
		kill_command(id);
		return;
	}
	if (sscanf(line, "r %lu %lu", &id, &len) != 2 || len > MAX_SCRIPT)
		return;
	script = calloc(1, len + 1);
	if (!script)
		die("agent: calloc");
	get(script, len);
	start(id, script);
	free(script);
}

/* Pass on what there is, and note when nobody can write any more. */
static void drain(struct command *c)
{
	char data[CHUNK];
	ssize_t got;

	while ((got = read(c->fd, data, sizeof(data))) > 0)
		if (c->pid)
			send_output(c->id, data, got);
	if (got == 0)
		c->closed = 1;
}

static void release_if_done(struct command *c)
{
	if (!c->closed || c->pid)
		return;
	close(c->fd);
	c->fd = -1;
}

/* Process 1 also collects orphans. */
static void reap(void)
{
	int status;
	pid_t pid;

	while ((pid = waitpid(-1, &status, WNOHANG)) > 0) {
		for (struct command *c = commands; c < commands + MAX_COMMANDS; c++) {
			if (c->fd < 0 || c->pid != pid)
				continue;
			drain(c);
			send_exit(c->id, WIFEXITED(status) ? WEXITSTATUS(status)
							   : 128 + WTERMSIG(status));
			c->pid = 0;
			release_if_done(c);
		}
	}
}

static int collect(struct pollfd *fds, struct command **who)
{
	int count = 0;

	for (struct command *c = commands; c < commands + MAX_COMMANDS; c++) {
		if (c->fd < 0 || c->closed)
			continue;
		who[count] = c;
		fds[count++] = (struct pollfd){ .fd = c->fd, .events = POLLIN };
	}
	return count;
}

static void loop(const sigset_t *unblocked)
{
	struct pollfd fds[MAX_COMMANDS + 1];
	struct command *who[MAX_COMMANDS];

	for (;;) {
		int count = collect(fds + 1, who);

		fds[0] = (struct pollfd){ .fd = port, .events = POLLIN };
		if (ppoll(fds, 1 + count, NULL, unblocked) > 0) {
			for (int i = 0; i < count; i++) {
				if (!fds[1 + i].revents)
					continue;
				drain(who[i]);
				release_if_done(who[i]);
			}
			if (fds[0].revents & POLLIN)
				serve();
			else if (fds[0].revents)	/* the host is away */
				usleep(20000);
		}
		reap();
	}
}

static void on_child(int signal)
{
	(void)signal;		/* only has to interrupt ppoll() */
}

int main(int argc, char **argv)
{
	struct sigaction action = { .sa_handler = on_child };
	sigset_t children, unblocked;

	if (argc != 2) {
		fprintf(stderr, "usage: agent PORT\n");
		return 2;
	}
	for (int i = 0; i < MAX_COMMANDS; i++)
		commands[i].fd = -1;
	port = open(argv[1], O_RDWR | O_CLOEXEC);
	if (port < 0)
		die(argv[1]);
	sigemptyset(&children);
	sigaddset(&children, SIGCHLD);
	sigprocmask(SIG_BLOCK, &children, &unblocked);
	sigaction(SIGCHLD, &action, NULL);
	put("ready\n", 6);
	loop(&unblocked);
}
