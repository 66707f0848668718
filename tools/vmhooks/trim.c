// SPDX-License-Identifier: GPL-2.0-only
/*
 * vmhooks trim: reclaim cold page cache while the guest is idle, then flush.
 *
 * The kernel reclaims, by memory.reclaim of each cgroup below the root or, on newer
 * kernels, by the file reclaim of each node.  Swap is left alone.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "command.h"
#include "flush.h"
#include "options.h"
#include "state.h"

#define CGROUPS "/sys/fs/cgroup"
#define NODES "/sys/devices/system/node"
#define FLUSH_S 60
#define MIB ((uint64_t)1 << 20)

/* Share of the last ten seconds, in percent, in which tasks may have waited. */
#define IDLE_MEMORY 0.5
#define IDLE_IO 2.0

/**
 * struct trim - a run
 * @max:     bytes to reclaim at most
 * @step:    bytes to ask for at a time
 * @now:     do not ask whether the guest is idle
 * @done:    bytes that the page cache has shrunk by
 * @refault: pages read again that had been reclaimed, at the start
 * @failed:  an error to report, or 0
 */
struct trim {
	uint64_t max;
	uint64_t step;
	bool now;
	uint64_t done;
	uint64_t refault;
	int failed;
};

/* "some avg10=0.00 avg60=...": false also where the kernel has no PSI. */
static bool is_below(const char *resource, double most)
{
	char text[SYS_VALUE];
	const char *at;

	if (!sys_read(text, sizeof(text), "/proc/pressure/%s", resource))
		return false;
	at = strstr(text, "avg10=");
	return at && atof(at + strlen("avg10=")) <= most;
}

static bool is_idle(void)
{
	return is_below("memory", IDLE_MEMORY) && is_below("io", IDLE_IO);
}

/* A row "name value" of a file. */
static uint64_t row(const char *name, const char *file)
{
	char text[32768] = "\n", key[64];
	const char *at;

	sys_read(text + 1, sizeof(text) - 1, "%s", file);
	snprintf(key, sizeof(key), "\n%s ", name);
	at = strstr(text, key);
	return at ? strtoull(at + strlen(key), NULL, 10) : 0;
}

static uint64_t refaults(void)
{
	return row("workingset_refault_file", "/proc/vmstat");
}

/* More than a quarter of what was reclaimed is in use again. */
static bool is_harmful(const struct trim *trim)
{
	return (refaults() - trim->refault) * state_page_bytes() > trim->done / 4 + trim->step / 8;
}

/* Kernels before 6.9 know no swappiness there: then only without swap. */
static int ask(uint64_t bytes, const char *file)
{
	char text[64];
	int err;

	snprintf(text, sizeof(text), "%" PRIu64 " swappiness=0", bytes);
	err = sys_write(text, "%s", file);
	if (err != -EINVAL)
		return err;
	if (sys_has("partition", "/proc/swaps") || sys_has("file", "/proc/swaps"))
		return -EOPNOTSUPP;
	*strchr(text, ' ') = 0;
	return sys_write(text, "%s", file);
}

/* File pages that were used lately, and those that were not, in bytes. */
struct lists {
	uint64_t active;
	uint64_t inactive;
};

/* A node counts pages, a cgroup bytes. */
static struct lists read_lists(const char *stat)
{
	struct lists lists = {
		.active = row("active_file", stat) +
			  row("nr_active_file", stat) * state_page_bytes(),
		.inactive = row("inactive_file", stat) +
			    row("nr_inactive_file", stat) * state_page_bytes(),
	};

	return lists;
}

/* The kernel reclaims pages that are used as well if the active list is the longer one. */
static bool has_cold(const struct lists *lists, uint64_t bytes)
{
	return lists->inactive >= lists->active + bytes;
}

static void reclaim(struct trim *trim, const char *file, const char *stat)
{
	struct lists lists = read_lists(stat);

	while (has_cold(&lists, trim->step) && trim->done < trim->max &&
	       (trim->now || is_idle()) && !is_harmful(trim)) {
		uint64_t before = lists.active + lists.inactive, after;
		int err = ask(trim->step, file);

		lists = read_lists(stat);
		after = lists.active + lists.inactive;
		trim->done += before > after ? before - after : 0;
		/* EAGAIN: less than that could be reclaimed. */
		if (err && err != -EAGAIN)
			trim->failed = err;
		if (err || after >= before)
			break;
	}
}

/* A cgroup, and the run. */
struct visit {
	char path[SYS_VALUE];
	struct trim *trim;
};

/*
 * The groups in it come first, as each has lists of its own.  What is left then belongs to
 * groups that were removed.
 */
static void reclaim_cgroup(const char *name, void *data)
{
	char file[SYS_PATH], stat[SYS_PATH];
	const struct visit *parent = data;
	struct visit visit = { .trim = parent->trim };

	if (snprintf(visit.path, sizeof(visit.path), "%s/%s", parent->path, name) >= SYS_VALUE ||
	    !sys_exists("%s/memory.reclaim", visit.path))
		return;
	sys_each(visit.path, "*", reclaim_cgroup, &visit);
	snprintf(file, sizeof(file), "%s/memory.reclaim", visit.path);
	snprintf(stat, sizeof(stat), "%s/memory.stat", visit.path);
	reclaim(visit.trim, file, stat);
}

static void reclaim_node(const char *name, void *data)
{
	char file[SYS_PATH], stat[SYS_PATH];

	if (!sys_exists(NODES "/%s/reclaim", name))
		return;
	snprintf(file, sizeof(file), NODES "/%s/reclaim", name);
	snprintf(stat, sizeof(stat), NODES "/%s/vmstat", name);
	reclaim(data, file, stat);
}

/* Compaction pays when a quarter of the free memory is in blocks that are not reported. */
static bool pays_to_compact(void)
{
	struct memory memory;
	uint64_t small = 0;
	unsigned int order;

	state_read_memory(&memory);
	for (order = 0; order < state_huge_order(); order++)
		small += memory.order[order];
	return small > memory.free / 4 && small > 64 * MIB;
}

static int finish(const struct trim *trim)
{
	bool compacted = pays_to_compact() && !sys_write("1", "/proc/sys/vm/compact_memory");
	int err = flush_now(FLUSH_S);

	printf("reclaimed %" PRIu64 " MiB of page cache, %" PRIu64 " MiB of it were read again%s\n",
	       trim->done / MIB, (refaults() - trim->refault) * state_page_bytes() / MIB,
	       compacted ? ", compacted" : "");
	return err ? EXIT_FAULT : EXIT_DONE;
}

int command_trim(int argc, char **argv)
{
	struct trim trim = { 0 };
	struct visit top = { .path = CGROUPS, .trim = &trim };
	uint64_t max_mb = 1 << 20, step_mb = 64;
	const struct option_spec specs[] = {
		{ .name = "--now", .flag = &trim.now },
		{ .name = "--max-mb", .number = &max_mb, .max = 1 << 20 },
		{ .name = "--step-mb", .number = &step_mb, .max = 4096 },
		{ 0 },
	};

	if (!options_parse(argc, argv, specs, 0))
		return command_usage(argv);
	trim.max = max_mb * MIB;
	trim.step = step_mb * MIB;
	if (!trim.now && !is_idle()) {
		printf("the guest is not idle (or its kernel has no /proc/pressure), nothing was reclaimed\n");
		return EXIT_DONE;
	}
	trim.refault = refaults();
	sys_each(CGROUPS, "*", reclaim_cgroup, &top);
	if (!trim.done)
		sys_each(NODES, "node[0-9]*", reclaim_node, &trim);
	if (trim.failed)
		fprintf(stderr, "vmhooks: memory.reclaim: %s\n", strerror(-trim.failed));
	return finish(&trim);
}
