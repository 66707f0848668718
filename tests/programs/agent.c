// SPDX-License-Identifier: GPL-2.0-only
/*
 * The guest side of the lab's control port, run as process 1.
 *
 * From the host:  "r ID LEN\n" and LEN bytes: run them with sh -c
 *                 "c ID LEN\n" and LEN bytes: send the files that match these patterns
 *                 "g ID LEN\n" and LEN bytes: the same with "FILE:" before each line
 *                 "w ID LEN\n" and LEN bytes: a file's name, a newline, what to write to it
 *                 "k ID\n": kill that command and its process group
 * To the host:    "ready\n" once
 *                 "o ID LEN\n" and LEN bytes: output (stdout and stderr)
 *                 "x ID STATUS\n": the command's own process has ended
 *
 * Commands run in parallel, each in its own session. Processes that a command leaves
 * behind may continue to write. This output is read and dropped.
 *
 * The agent itself reads, and its child writes without a shell: the start of a program takes a
 * debug kernel ten times longer than that.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <glob.h>
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
	int closed;		/* all writers have closed it */
};

static struct command commands[MAX_COMMANDS];
static int port;

static void die(const char *what)
{
	perror(what);
	exit(1);
}

/* During a migration no host reads the port: wait. */
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

static int write_file(char *text, size_t len)
{
	char *data = memchr(text, '\n', len);
	size_t left;
	int fd;

	if (!data)
		return 1;
	*data++ = '\0';
	left = text + len - data;
	fd = open(text, O_WRONLY | O_CREAT | O_TRUNC, 0666);
	if (fd < 0 || (left && write(fd, data, left) != (ssize_t)left)) {
		perror(text);
		return 1;
	}
	return 0;
}

static void child(char what, char *text, size_t len, int out)
{
	int null = open("/dev/null", O_RDONLY);
	sigset_t none;

	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	setsid();
	dup2(null, 0);
	dup2(out, 1);
	dup2(out, 2);
	if (what == 'w')
		_exit(write_file(text, len));
	execl("/bin/sh", "sh", "-c", text, NULL);
	_exit(127);
}

static void start(unsigned long id, char what, char *text, size_t len)
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
		child(what, text, len, ends[1]);
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

static int send_whole(unsigned long id, int fd)
{
	char data[CHUNK];
	ssize_t got;

	while ((got = read(fd, data, sizeof(data))) > 0)
		send_output(id, data, got);
	return got < 0 ? -1 : 0;
}

/* For files of one chunk, such as those of sysfs. Empty lines are not sent. */
static int send_lines(unsigned long id, int fd, const char *path)
{
	char data[CHUNK + 1], line[2 * CHUNK];
	ssize_t got = read(fd, data, CHUNK);
	char *at;

	if (got < 0)
		return -1;
	data[got] = '\0';
	for (char *one = strtok_r(data, "\n", &at); one; one = strtok_r(NULL, "\n", &at))
		send_output(id, line, snprintf(line, sizeof(line), "%s:%s\n", path, one));
	return 0;
}

/* The patterns are separated by blanks. Fails when no file can be read. */
static void send_files(unsigned long id, char *patterns, int named)
{
	glob_t found = { 0 };
	int read_any = 0;
	char *at;

	for (char *one = strtok_r(patterns, " ", &at); one; one = strtok_r(NULL, " ", &at))
		glob(one, found.gl_pathc ? GLOB_APPEND : 0, NULL, &found);
	for (size_t i = 0; i < found.gl_pathc; i++) {
		const char *path = found.gl_pathv[i];
		int fd = open(path, O_RDONLY | O_CLOEXEC);

		if (fd < 0)
			continue;
		if (!(named ? send_lines(id, fd, path) : send_whole(id, fd)))
			read_any = 1;
		close(fd);
	}
	globfree(&found);
	send_exit(id, !read_any);
}

static void serve(void)
{
	unsigned long id, len;
	char line[64], what;
	char *text;

	get_line(line, sizeof(line));
	if (sscanf(line, "k %lu", &id) == 1) {
		kill_command(id);
		return;
	}
	if (sscanf(line, "%c %lu %lu", &what, &id, &len) != 3 || len > MAX_SCRIPT)
		return;
	text = calloc(1, len + 1);
	if (!text)
		die("agent: calloc");
	get(text, len);
	if (what == 'c' || what == 'g')
		send_files(id, text, what == 'g');
	else
		start(id, what, text, len);
	free(text);
}

/* Forward the available output, and note when all writers have closed it. */
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
			else if (fds[0].revents)	/* no host reads the port */
				usleep(20000);
		}
		reap();
	}
}

static void on_child(int signal)
{
	(void)signal;		/* its only effect is to interrupt ppoll() */
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
