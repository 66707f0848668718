// SPDX-License-Identifier: GPL-2.0-only
/* vmhooks metrics: all counters as Prometheus text. */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "command.h"
#include "options.h"
#include "state.h"

/* A number of a module: its folder, its file, and what it is. */
struct metric {
	const char *file;
	const char *name;
	const char *kind;
	const char *help;
};

static const struct metric hooks_metrics[] = {
	{ "level", "level", "gauge", "How far reporting has backed off, 0 to 3." },
	{ "reported_free_bytes", "reported_free_bytes", "gauge",
	  "Free memory that was reported and not reallocated since." },
	{ "reported_bytes", "reported_bytes_total", "counter", "Memory in completed reports." },
	{ "reused_bytes", "reused_bytes_total", "counter",
	  "Reported memory that was allocated again." },
	{ "reports", "reports_total", "counter", "Completed reports." },
	{ "report_errors", "report_errors_total", "counter", "Failed reports." },
	{ "lost_bytes", "lost_bytes", "gauge", "Memory that is out of use until a reboot." },
	{ "requests", "requests_total", "counter", "Requests to the pacer." },
	{ "checks", "checks_total", "counter", "Checks of the pacer's timer." },
	{ "passes", "passes_total", "counter", "Passes that were started." },
	{ "forgets", "forgets_total", "counter", "Times that all was marked unreported." },
	{ "pcp_drains", "pcp_drains_total", "counter", "Drains of the per-CPU page lists." },
	{ 0 },
};

/* Files of a device with a number of pages are converted to bytes. */
static const struct metric balloon_metrics[] = {
	{ "actual_pages", "balloon_actual_bytes", "gauge", "Memory in the balloon." },
	{ "num_pages", "balloon_requested_bytes", "gauge", "Size that the host asks for." },
	{ "quarantined_pages", "balloon_quarantined_bytes", "gauge",
	  "Memory in buffers that the device has not used." },
	{ "oom_deflated_pages", "balloon_oom_deflated_bytes_total", "counter",
	  "Memory deflated because the guest was out of memory." },
	{ "alloc_failures", "balloon_alloc_failures_total", "counter",
	  "Times that inflation found no page." },
	{ "host_timeouts", "balloon_host_timeouts_total", "counter",
	  "Waits for the device that ended without an answer." },
	{ "resets", "balloon_resets_total", "counter", "Resets of the device." },
	{ 0 },
};

static const struct metric clock_metrics[] = {
	{ "negative", "clock_negative_total", "counter", "Pages with a negative time." },
	{ "backwards", "clock_backwards_total", "counter", "Pages behind the one before." },
	{ "rate_changes", "clock_rate_changes_total", "counter", "Pages with another rate." },
	{ "version_violations", "clock_version_violations_total", "counter",
	  "Pages that a reader may read half." },
	{ 0 },
};

/* Where a value comes from, and its label. */
struct source {
	char folder[SYS_VALUE];
	char label[SYS_VALUE];
};

static void print_metric(FILE *out, const struct metric *metric, const struct source *sources,
			 unsigned int count)
{
	unsigned int i;
	bool is_pages = strstr(metric->file, "_pages");

	fprintf(out, "# HELP vmhooks_%s %s\n# TYPE vmhooks_%s %s\n", metric->name, metric->help,
		metric->name, metric->kind);
	for (i = 0; i < count; i++)
		fprintf(out, "vmhooks_%s%s %" PRIu64 "\n", metric->name, sources[i].label,
			sys_number("%s/%s", sources[i].folder, metric->file) *
			(is_pages ? BALLOON_PAGE_BYTES : 1));
}

static void print_group(FILE *out, const struct metric *metrics, const struct source *sources,
			unsigned int count)
{
	for (; count && metrics->file; metrics++)
		print_metric(out, metrics, sources, count);
}

static void print_balloons(FILE *out, const struct state *state)
{
	struct source sources[MAX_DEVICES] = { 0 };
	unsigned int i, count = 0;

	for (i = 0; i < state->num_devices; i++) {
		const struct device *device = &state->devices[i];

		if (strcmp(device->driver, OURS))
			continue;
		snprintf(sources[count].folder, SYS_VALUE, DEVICES "/%s/balloon", device->name);
		snprintf(sources[count].label, SYS_VALUE, "{device=\"%s\"}", device->name);
		count++;
	}
	print_group(out, balloon_metrics, sources, count);
}

static void print_clock(FILE *out)
{
	const struct source sources[] = {
		{ CLOCK, "{side=\"host\"}" },
		{ CLOCK "/guest", "{side=\"guest\"}" },
	};

	if (sys_exists(CLOCK))
		print_group(out, clock_metrics, sources, 2);
}

static void print_all(FILE *out)
{
	const struct source hooks = { HOOKS, "" };
	struct state state;

	state_read(&state);
	fprintf(out, "# HELP vmhooks_info Version and engine.\n# TYPE vmhooks_info gauge\n"
		"vmhooks_info{version=\"%s\",engine=\"%s\"} 1\n", VMHOOKS_VERSION,
		state.hooks.engine);
	fprintf(out, "# HELP vmhooks_reporting Whether free memory is reported.\n"
		"# TYPE vmhooks_reporting gauge\nvmhooks_reporting %d\n", !state_why_not(&state));
	if (*state.hooks.engine)
		print_group(out, hooks_metrics, &hooks, 1);
	print_balloons(out, &state);
	print_clock(out);
}

/* A reader of the file sees the old or the new contents. */
static int print_to(const char *name)
{
	char made[SYS_PATH];
	FILE *out;

	if (snprintf(made, sizeof(made), "%s.%d", name, getpid()) >= SYS_PATH)
		return -ENAMETOOLONG;
	out = fopen(made, "we");
	if (!out)
		return -errno;
	print_all(out);
	if (fclose(out) || rename(made, name)) {
		int err = -errno;

		unlink(made);
		return err;
	}
	return 0;
}

int command_metrics(int argc, char **argv)
{
	const char *name = NULL;
	const struct option_spec specs[] = { { .name = "--output", .text = &name }, { 0 } };
	int err = 0;

	if (!options_parse(argc, argv, specs, 0))
		return command_usage(argv);
	if (name)
		err = print_to(name);
	else
		print_all(stdout);
	if (err)
		fprintf(stderr, "vmhooks: %s: %s\n", name, strerror(-err));
	return err ? EXIT_FAULT : EXIT_DONE;
}
