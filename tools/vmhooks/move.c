// SPDX-License-Identifier: GPL-2.0-only
/* vmhooks takeover and release: move balloon devices between their two drivers. */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "command.h"
#include "options.h"
#include "state.h"

/**
 * struct move - a move of devices
 * @to:    the driver that they get
 * @quiet: say nothing about devices that have it, nor about a kernel without our modules
 * @force: also move devices that may ignore a reset
 */
struct move {
	const char *to;
	bool quiet;
	bool force;
};

/* Between unbind and bind a device has no driver, so the move is not interrupted. */
static void block_signals(void)
{
	sigset_t all;

	sigfillset(&all);
	sigprocmask(SIG_BLOCK, &all, NULL);
}

static bool has_driver(const char *driver)
{
	return sys_exists(DRIVERS "/%s/bind", driver);
}

/* Have a driver in the kernel: modprobe loads it.  Not for a tree that is not the kernel's. */
static bool load(const char *driver)
{
	pid_t child;
	int status;

	if (has_driver(driver) || getenv("VMHOOKS_ROOT"))
		return has_driver(driver);
	child = fork();
	if (!child) {
		execlp("modprobe", "modprobe", driver, NULL);
		execl("/sbin/modprobe", "modprobe", driver, NULL);
		_exit(127);
	}
	if (child > 0)
		waitpid(child, &status, 0);
	return has_driver(driver);
}

static bool is_bound(const char *device, const char *driver)
{
	char name[64];

	return sys_link(name, sizeof(name), DEVICES "/%s/driver", device) &&
	       !strcmp(name, driver);
}

/* The kernel may have bound it already: a module that is loaded gets free devices. */
static int bind_driver(const char *device, const char *driver)
{
	int err = 0;

	if (!is_bound(device, driver))
		err = sys_write(device, DRIVERS "/%s/bind", driver);
	return is_bound(device, driver) ? 0 : err ? err : -ENODEV;
}

static int go_back(const struct device *device, const struct move *move, int err)
{
	fprintf(stderr, "vmhooks: %s cannot bind %s: %s (the kernel's log says more)\n", move->to,
		device->name, strerror(-err));
	if (!*device->driver)
		return EXIT_FAULT;
	err = bind_driver(device->name, device->driver);
	if (err)
		fprintf(stderr, "vmhooks: %s is without a driver now: %s\n", device->name,
			strerror(-err));
	else
		fprintf(stderr, "vmhooks: %s is bound to %s as before\n", device->name,
			device->driver);
	return EXIT_FAULT;
}

/*
 * A device that ignores its reset goes on writing to the queues of the driver that has freed
 * them.  libkrun's does, and Firecracker's up to 1.16.  Both are on virtio-mmio.
 */
static bool may_ignore_reset(const struct device *device)
{
	return sys_link_has("virtio-mmio", DEVICES "/%s", device->name) ||
	       sys_link_has("LNRO0005", DEVICES "/%s", device->name);
}

static int leave(const struct device *device, const struct move *move)
{
	fprintf(stderr, "vmhooks: %s stays with %s: a device on virtio-mmio may ignore its reset, as in libkrun and in Firecracker up to 1.16, and then writes to freed memory. On another host: vmhooks %s --force\n",
		device->name, *device->driver ? device->driver : "no driver",
		strcmp(move->to, OURS) ? "release" : "takeover");
	return move->quiet ? EXIT_DONE : EXIT_FAULT;
}

static int unbind_driver(const struct device *device)
{
	int err = 0;

	if (*device->driver)
		err = sys_write(device->name, DRIVERS "/%s/unbind", device->driver);
	if (err)
		fprintf(stderr, "vmhooks: %s stays with %s: %s\n", device->name, device->driver,
			strerror(-err));
	return err;
}

static int move_device(const struct device *device, const struct move *move)
{
	int err;

	if (!strcmp(device->driver, move->to)) {
		if (!move->quiet)
			printf("%s is bound to %s already\n", device->name, move->to);
		return EXIT_DONE;
	}
	if (!strcmp(device->state, "lost")) {
		fprintf(stderr, "vmhooks: %s ignores resets and stays with %s until the guest reboots\n",
			device->name, device->driver);
		return EXIT_FAULT;
	}
	if (*device->driver && !move->force && may_ignore_reset(device))
		return leave(device, move);
	if (unbind_driver(device))
		return EXIT_FAULT;
	err = bind_driver(device->name, move->to);
	if (err)
		return go_back(device, move, err);
	printf("%s is bound to %s\n", device->name, move->to);
	return EXIT_DONE;
}

static const struct device *find(const struct state *state, const char *name)
{
	unsigned int i;

	for (i = 0; i < state->num_devices; i++)
		if (!strcmp(state->devices[i].name, name))
			return &state->devices[i];
	fprintf(stderr, "vmhooks: '%s' is no balloon device\n", name);
	return NULL;
}

static int move_all(const struct state *state, const struct move *move)
{
	int status = EXIT_DONE;
	unsigned int i;

	if (!state->num_devices && !move->quiet) {
		fprintf(stderr, "vmhooks: there is no balloon device\n");
		return EXIT_FAULT;
	}
	for (i = 0; i < state->num_devices; i++)
		if (move_device(&state->devices[i], move) != EXIT_DONE)
			status = EXIT_FAULT;
	return status;
}

static int move_named(const struct state *state, const struct move *move, char **names)
{
	int status = EXIT_DONE;

	for (; *names; names++) {
		const struct device *device = find(state, *names);

		if (!device || move_device(device, move) != EXIT_DONE)
			status = EXIT_FAULT;
	}
	return status;
}

/*
 * The driver is loaded first: if that fails, nothing has changed.  The devices are read
 * after it, as it may have bound one.
 */
static int run(const struct move *move, char **names)
{
	struct state state;

	if (geteuid()) {
		fprintf(stderr, "vmhooks: this needs root\n");
		return EXIT_FAULT;
	}
	if (!load(move->to)) {
		if (move->quiet)
			return EXIT_DONE;
		fprintf(stderr, "vmhooks: %s could not be loaded, and nothing was changed: see vmhooks doctor\n",
			move->to);
		return EXIT_FAULT;
	}
	block_signals();
	state_read(&state);
	return *names ? move_named(&state, move, names) : move_all(&state, move);
}

int command_takeover(int argc, char **argv)
{
	struct move move = { .to = OURS };
	const struct option_spec specs[] = { { .name = "--boot", .flag = &move.quiet },
					    { .name = "--force", .flag = &move.force },
					    { 0 } };
	int first = options_parse(argc, argv, specs, MAX_DEVICES);

	return first ? run(&move, argv + first) : command_usage(argv);
}

int command_release(int argc, char **argv)
{
	struct move move = { .to = STOCK };
	const struct option_spec specs[] = { { .name = "--force", .flag = &move.force }, { 0 } };
	int first = options_parse(argc, argv, specs, MAX_DEVICES);

	return first ? run(&move, argv + first) : command_usage(argv);
}
