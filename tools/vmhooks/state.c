// SPDX-License-Identifier: GPL-2.0-only
/* The state of a guest, as the kernel's files have it. */
#include "state.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define BALLOON_ID 5

const char *state_feature(unsigned int bit)
{
	static const char *const names[F_COUNT] = {
		"MUST_TELL_HOST", "STATS_VQ", "DEFLATE_ON_OOM", "FREE_PAGE_HINT",
		"PAGE_POISON", "REPORTING",
	};

	return names[bit];
}

void state_size(char *text, size_t size, uint64_t bytes)
{
	if (bytes >= 1ULL << 30)
		snprintf(text, size, "%.2f GiB", (double)bytes / (1 << 30));
	else
		snprintf(text, size, "%" PRIu64 " MiB", bytes >> 20);
}

/* The file has one character for each bit: 0 or 1. */
static uint64_t features_of_bus(const char *name)
{
	char text[SYS_VALUE];
	uint64_t features = 0;
	size_t i;

	sys_read(text, sizeof(text), DEVICES "/%s/features", name);
	for (i = 0; text[i] && i < 64; i++)
		features |= (uint64_t)(text[i] == '1') << i;
	return features;
}

static uint64_t pages_of(const char *name, const char *file)
{
	return sys_number(DEVICES "/%s/balloon/%s", name, file) * BALLOON_PAGE_BYTES;
}

static void add_device(const char *name, void *data)
{
	struct state *state = data;
	struct device *device = &state->devices[state->num_devices];

	if (state->num_devices == MAX_DEVICES ||
	    sys_number(DEVICES "/%s/device", name) != BALLOON_ID)
		return;
	state->num_devices++;
	snprintf(device->name, sizeof(device->name), "%s", name);
	sys_link(device->driver, sizeof(device->driver), DEVICES "/%s/driver", name);
	sys_read(device->state, sizeof(device->state), DEVICES "/%s/balloon/state", name);
	sys_read(device->why_not, sizeof(device->why_not), DEVICES "/%s/balloon/why_not", name);
	device->features = features_of_bus(name);
	device->actual_bytes = pages_of(name, "actual_pages");
	device->target_bytes = pages_of(name, "num_pages");
	device->lost_bytes = pages_of(name, "lost_pages");
	device->host_timeouts = sys_number(DEVICES "/%s/balloon/host_timeouts", name);
	device->report_errors = sys_number(DEVICES "/%s/balloon/report_errors", name);
}

/* A row of meminfo, in bytes or, for a count, as it is. */
static uint64_t row(const char *text, const char *name)
{
	char key[64];
	const char *at;

	snprintf(key, sizeof(key), "\n%s:", name);
	at = strstr(text, key);
	if (!at)
		return 0;
	at += strlen(key);
	return strtoull(at, NULL, 10) * (strncmp(name, "HugePages_", 10) ? 1024 : 1);
}

uint64_t state_page_bytes(void)
{
	return sysconf(_SC_PAGESIZE);
}

unsigned int state_huge_order(void)
{
	unsigned int order = 0;

	while (state_page_bytes() << order < 2 << 20)
		order++;
	return order;
}

/* "Node 0, zone   Normal      3      1 ...": a count for each order. */
static void read_orders(struct memory *memory)
{
	char text[8192], *line, *lines = text;
	unsigned int order;

	sys_read(text, sizeof(text), "/proc/buddyinfo");
	while ((line = strsep(&lines, "\n"))) {
		char *at = strstr(line, "zone");

		if (!at)
			continue;
		at += strcspn(at, " ");
		at += strspn(at, " ");
		at += strcspn(at, " ");
		for (order = 0; order < MAX_ORDERS && *at; order++) {
			memory->order[order] += strtoull(at, &at, 10) * state_page_bytes() << order;
			at += strspn(at, " ");
		}
	}
}

void state_read_memory(struct memory *memory)
{
	char text[8192] = "\n";

	memset(memory, 0, sizeof(*memory));
	sys_read(text + 1, sizeof(text) - 1, "/proc/meminfo");
	memory->total = row(text, "MemTotal");
	memory->free = row(text, "MemFree");
	memory->available = row(text, "MemAvailable");
	memory->cache = row(text, "Cached") + row(text, "Buffers") - row(text, "Shmem");
	memory->locked = row(text, "Mlocked");
	memory->hugetlb = row(text, "HugePages_Total") * row(text, "Hugepagesize");
	read_orders(memory);
}

void state_read_hooks(struct hooks *hooks)
{
	memset(hooks, 0, sizeof(*hooks));
	sys_read(hooks->engine, sizeof(hooks->engine), HOOKS "/engine");
	sys_read(hooks->capabilities, sizeof(hooks->capabilities), HOOKS "/capabilities");
	sys_read(hooks->reporter, sizeof(hooks->reporter), HOOKS "/reporters");
	/* The first one reports, the others are standbys. */
	hooks->reporter[strcspn(hooks->reporter, "\n")] = 0;
	hooks->level = sys_number(HOOKS "/level");
	hooks->reported_free = sys_number(HOOKS "/reported_free_bytes");
	hooks->reported = sys_number(HOOKS "/reported_bytes");
	hooks->reused = sys_number(HOOKS "/reused_bytes");
	hooks->errors = sys_number(HOOKS "/report_errors");
	hooks->lost = sys_number(HOOKS "/lost_bytes");
}

static void read_clock(struct clock *clock)
{
	static const char *const counts[] = { "negative", "backwards", "version_violations" };
	size_t i;

	sys_read(clock->hooks, sizeof(clock->hooks), CLOCK "/hooks");
	sys_read(clock->source, sizeof(clock->source),
		 "/sys/devices/system/clocksource/clocksource0/current_clocksource");
	clock->pages = sys_number(CLOCK "/guest/pages");
	for (i = 0; i < ARRAY_SIZE(counts); i++) {
		clock->bad[0] += sys_number(CLOCK "/%s", counts[i]);
		clock->bad[1] += sys_number(CLOCK "/guest/%s", counts[i]);
	}
	/* Steps back that a stop of the guest explains are in "backwards" as well. */
	clock->bad[1] -= sys_number(CLOCK "/guest/stopped");
}

void state_read(struct state *state)
{
	memset(state, 0, sizeof(*state));
	sys_read(state->kernel, sizeof(state->kernel), "/proc/sys/kernel/osrelease");
	sys_each(DEVICES, "virtio*", add_device, state);
	state_read_memory(&state->memory);
	state_read_hooks(&state->hooks);
	read_clock(&state->clock);
}

/* A device that does not report, although its driver could. */
static const char *why_not_ours(const struct state *state, const struct device *device)
{
	if (*device->state && strcmp(device->state, "live"))
		return "the device does not answer";
	if (*device->why_not && strcmp(device->why_not, "none"))
		return device->why_not;
	if (!strcmp(state->hooks.engine, "none"))
		return "the kernel has no CONFIG_PAGE_REPORTING";
	if (!(device->features & 1 << F_REPORTING))
		return "the device does not offer free page reporting";
	if (!*state->hooks.reporter)
		return "mm_hooks has no reporter";
	return NULL;
}

const char *state_why_not(const struct state *state)
{
	const char *why = "there is no balloon device";
	unsigned int i;

	for (i = 0; i < state->num_devices; i++) {
		const struct device *device = &state->devices[i];

		if (!strcmp(device->driver, OURS))
			why = why_not_ours(state, device);
		else if (!*device->driver)
			why = "no driver is bound to the device";
		else
			why = "another driver is bound to the device";
		if (!why)
			return NULL;
	}
	return why;
}
