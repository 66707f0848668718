// SPDX-License-Identifier: GPL-2.0-only
/* Checks of the memory of a guest whose device reports. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "doctor.h"

#define MIB ((uint64_t)1 << 20)

static bool is_backed_off(const struct state *state, struct finding *finding)
{
	char reused[32];

	if (!state->hooks.level)
		return false;
	state_size(reused, sizeof(reused), state->hooks.reused);
	doctor_what(finding, "reporting has backed off to level %" PRIu64 ", as the guest uses reported memory again (%s so far)",
		    state->hooks.level, reused);
	doctor_todo(finding, "wait until the guest is idle, or: vmhooks flush");
	return true;
}

/* A parameter of mm_hooks with an order, or its default without the file. */
static unsigned int order_of(const char *name)
{
	if (!sys_exists("/sys/module/mm_hooks/parameters/%s", name))
		return state_huge_order();
	return sys_number("/sys/module/mm_hooks/parameters/%s", name);
}

/* A kernel without CONFIG_PAGE_REPORTING reports no small blocks by default. */
static unsigned int smallest_order(void)
{
	char text[SYS_VALUE];

	sys_read(text, sizeof(text), "/sys/module/mm_hooks/parameters/low_order");
	if (!strcmp(text, "auto"))
		return sys_exists("/sys/module/page_reporting") ? 0 : state_huge_order();
	return order_of("low_order");
}

/* The smallest order that is reported. */
static unsigned int reported_order(const struct state *state)
{
	bool native = !strcmp(state->hooks.engine, "native");
	unsigned int report = order_of("report_order"), low;

	/* On these kernels mm_hooks cannot lower the kernel's own order. */
	if (!native && !strstr(state->hooks.capabilities, "small")) {
		if (sys_exists("/sys/module/page_reporting/parameters/page_reporting_order"))
			report = sys_number("/sys/module/page_reporting/parameters/page_reporting_order");
		return report;
	}
	low = smallest_order();
	return low < report ? low : report;
}

static bool is_deferred(const struct state *state, struct finding *finding)
{
	uint64_t large = 0, late;
	unsigned int order;
	char size[32];

	if (!doctor_ours(state) || state_why_not(state))
		return false;
	for (order = reported_order(state); order < MAX_ORDERS; order++)
		large += state->memory.order[order];
	late = large > state->hooks.reported_free ? large - state->hooks.reported_free : 0;
	if (late < 64 * MIB || late < state->memory.total / 16)
		return false;
	state_size(size, sizeof(size), late);
	doctor_what(finding, "%s are free and not reported yet: the guest is busy, or its zones are at their watermarks",
		    size);
	doctor_todo(finding, "vmhooks flush reports it now; delay_ms and min_age_ms set the pace");
	return true;
}

static bool is_fragmented(const struct state *state, struct finding *finding)
{
	unsigned int order, limit = reported_order(state);
	char text[256] = "", size[32];
	uint64_t small = 0;

	for (order = 0; order < limit && order < MAX_ORDERS; order++) {
		size_t used = strlen(text);

		small += state->memory.order[order];
		snprintf(text + used, sizeof(text) - used, "%s%u: %" PRIu64, order ? ", " : "",
			 order, state->memory.order[order] / MIB);
	}
	if (small < 64 * MIB || small < state->memory.free / 4)
		return false;
	state_size(size, sizeof(size), small);
	doctor_what(finding, "%s are free in blocks below order %u, which are not reported (MiB by order: %s)",
		    size, limit, text);
	doctor_todo(finding, "vmhooks flush --compact; to report small blocks, see low_order in parameters.md");
	return true;
}

static bool is_cached(const struct state *state, struct finding *finding)
{
	char size[32];

	if (state->memory.cache < 128 * MIB || state->memory.cache < state->memory.total / 8)
		return false;
	state_size(size, sizeof(size), state->memory.cache);
	doctor_what(finding, "%s are page cache, which is not free memory", size);
	doctor_todo(finding, "vmhooks flush --drop-caches once; systemctl enable --now vmhooks-trim.timer for cold cache");
	return true;
}

static bool is_reserved(const struct state *state, struct finding *finding)
{
	char size[32];

	if (!state->memory.hugetlb)
		return false;
	state_size(size, sizeof(size), state->memory.hugetlb);
	doctor_what(finding, "%s are reserved for hugetlb, in use or not", size);
	doctor_todo(finding, "lower vm.nr_hugepages");
	return true;
}

static bool is_locked(const struct state *state, struct finding *finding)
{
	char size[32];

	if (state->memory.locked < 64 * MIB)
		return false;
	state_size(size, sizeof(size), state->memory.locked);
	doctor_what(finding, "%s are locked by programs (mlock)", size);
	doctor_todo(finding, "they stay in use until the programs end");
	return true;
}

static bool is_lost(const struct state *state, struct finding *finding)
{
	char size[32];

	if (!state->hooks.lost)
		return false;
	state_size(size, sizeof(size), state->hooks.lost);
	doctor_what(finding, "%s are out of use, as a device ignored its reset", size);
	doctor_todo(finding, "reboot the guest");
	return true;
}

static bool is_collapsed(const struct state *state, struct finding *finding)
{
	char enabled[SYS_VALUE];
	uint64_t missing = sys_number("/sys/kernel/mm/transparent_hugepage/khugepaged/max_ptes_none");

	(void)state;
	sys_read(enabled, sizeof(enabled), "/sys/kernel/mm/transparent_hugepage/enabled");
	if (!strstr(enabled, "[always]") || missing < 256)
		return false;
	doctor_what(finding, "khugepaged makes a huge page where %" PRIu64 " of 512 pages are unused, so programs grow",
		    missing);
	doctor_todo(finding, "echo 0 > /sys/kernel/mm/transparent_hugepage/khugepaged/max_ptes_none; the same on a host of guests that report small blocks");
	return true;
}

/* Vendors whose PCI devices a VMM emulates. */
static bool is_emulated(unsigned int vendor)
{
	static const unsigned int vendors[] = {
		0x1af4, 0x1b36, 0x1234, 0x8086, 0x1013, 0x15ad, 0x80ee, 0x1022, 0x1033, 0x106b,
	};
	size_t i;

	for (i = 0; i < ARRAY_SIZE(vendors); i++)
		if (vendor == vendors[i])
			return true;
	return false;
}

static void check_vendor(const char *name, void *data)
{
	char *found = data;

	if (!is_emulated(sys_number("/sys/bus/pci/devices/%s/vendor", name)))
		snprintf(found, 64, "%s", name);
}

static bool is_passed_through(const struct state *state, struct finding *finding)
{
	char found[64] = "";

	(void)state;
	sys_each("/sys/bus/pci/devices", "*", check_vendor, found);
	if (!*found)
		return false;
	doctor_what(finding, "the PCI device %s seems to be passed through: with VFIO the host keeps all memory of the guest",
		    found);
	doctor_todo(finding, "remove it, or do not expect memory to come back; locked or hugetlb memory on the host has the same effect");
	return true;
}

const struct check doctor_memory[] = {
	{ "level", false, is_backed_off },
	{ "deferred", false, is_deferred },
	{ "fragmentation", false, is_fragmented },
	{ "page_cache", false, is_cached },
	{ "hugetlb", false, is_reserved },
	{ "locked", false, is_locked },
	{ "lost", true, is_lost },
	{ "khugepaged", false, is_collapsed },
	{ "vfio", false, is_passed_through },
	{ 0 },
};
