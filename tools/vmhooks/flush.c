// SPDX-License-Identifier: GPL-2.0-only
/* vmhooks flush: report all free memory now, and wait. */
#include "flush.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "command.h"
#include "options.h"
#include "state.h"

#define DEFAULT_S 60
#define MAX_S 600

static const char *reason(int err)
{
	switch (err) {
	case -ENOENT:
		return "mm_hooks is not loaded: see vmhooks doctor";
	case -EACCES:
	case -EPERM:
		return "this needs root";
	case -ETIMEDOUT:
		return "time is up, and some memory is not reported yet";
	case -EINTR:
		return "interrupted";
	case -ENODEV:
		return "no device takes reports: see vmhooks doctor";
	case -EOPNOTSUPP:
		return "the kernel has no engine: see vmhooks doctor";
	case -EIO:
		return "the device failed: see vmhooks doctor";
	default:
		return strerror(-err);
	}
}

int flush_now(unsigned int timeout_s)
{
	char text[16];
	int err;

	snprintf(text, sizeof(text), "%u", timeout_s * 1000);
	err = sys_write(text, HOOKS "/flush");
	if (err)
		fprintf(stderr, "vmhooks: not flushed: %s\n", reason(err));
	return err;
}

static int write_vm(const char *text, const char *file)
{
	int err = sys_write(text, "/proc/sys/vm/%s", file);

	if (err)
		fprintf(stderr, "vmhooks: %s: %s\n", file, reason(err));
	return err;
}

static double now(void)
{
	struct timespec time;

	clock_gettime(CLOCK_MONOTONIC, &time);
	return time.tv_sec + time.tv_nsec / 1e9;
}

static void say_result(uint64_t bytes, double seconds)
{
	char reported[32], free_text[32], total[32];
	struct memory memory;
	struct hooks hooks;

	state_read_memory(&memory);
	state_read_hooks(&hooks);
	state_size(reported, sizeof(reported), bytes);
	state_size(free_text, sizeof(free_text), memory.free);
	state_size(total, sizeof(total), hooks.reported_free);
	printf("reported %s in %.1f s; of %s that are free, the host has %s back\n", reported,
	       seconds, free_text, total);
}

int command_flush(int argc, char **argv)
{
	bool compact = false, drop = false;
	uint64_t timeout_s = DEFAULT_S, before;
	const struct option_spec specs[] = {
		{ .name = "--compact", .flag = &compact },
		{ .name = "--drop-caches", .flag = &drop },
		{ .name = "--timeout", .number = &timeout_s, .max = MAX_S },
		{ 0 },
	};
	double start = now();

	if (!options_parse(argc, argv, specs, 0))
		return command_usage(argv);
	before = sys_number(HOOKS "/reported_bytes");
	if (drop)
		sync();
	if (drop && write_vm("3", "drop_caches"))
		return EXIT_FAULT;
	if (compact && write_vm("1", "compact_memory"))
		return EXIT_FAULT;
	if (flush_now(timeout_s))
		return EXIT_FAULT;
	say_result(sys_number(HOOKS "/reported_bytes") - before, now() - start);
	return EXIT_DONE;
}
