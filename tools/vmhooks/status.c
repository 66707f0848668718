// SPDX-License-Identifier: GPL-2.0-only
/* vmhooks status: whether free memory is reported, and how much. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "command.h"
#include "json.h"
#include "options.h"
#include "state.h"

/* The architecture with the module kvmclock_fix. */
#ifdef __x86_64__
#define HAS_KVMCLOCK true
#else
#define HAS_KVMCLOCK false
#endif

static uint64_t ballooned(const struct state *state)
{
	uint64_t bytes = 0;
	unsigned int i;

	for (i = 0; i < state->num_devices; i++)
		bytes += state->devices[i].actual_bytes;
	return bytes;
}

static const char *clock_word(const struct clock *clock)
{
	if (!*clock->hooks)
		return "not audited";
	return clock->bad[0] + clock->bad[1] ? "bad" : "good";
}

static void json_devices(const struct state *state)
{
	unsigned int i, bit;

	json_open("devices", '[');
	for (i = 0; i < state->num_devices; i++) {
		const struct device *device = &state->devices[i];

		json_open(NULL, '{');
		json_text("name", device->name);
		json_text("driver", device->driver);
		json_text("state", device->state);
		json_text("why_not", device->why_not);
		json_open("features", '[');
		for (bit = 0; bit < F_COUNT; bit++)
			if (device->features & 1 << bit)
				json_text(NULL, state_feature(bit));
		json_close();
		json_number("actual_bytes", device->actual_bytes);
		json_number("target_bytes", device->target_bytes);
		json_number("host_timeouts", device->host_timeouts);
		json_close();
	}
	json_close();
}

static void json_memory(const struct state *state)
{
	json_open("memory", '{');
	json_number("total_bytes", state->memory.total);
	json_number("free_bytes", state->memory.free);
	json_number("cache_bytes", state->memory.cache);
	json_number("reported_free_bytes", state->hooks.reported_free);
	json_number("reported_bytes", state->hooks.reported);
	json_number("reused_bytes", state->hooks.reused);
	json_number("ballooned_bytes", ballooned(state));
	json_close();
}

static void print_json(const struct state *state)
{
	const char *why = state_why_not(state);

	json_open(NULL, '{');
	json_text("version", VMHOOKS_VERSION);
	json_text("kernel", state->kernel);
	json_text("engine", state->hooks.engine);
	json_text("capabilities", state->hooks.capabilities);
	json_bool("reporting", !why);
	json_text("why_not", why ? why : "");
	json_number("level", state->hooks.level);
	json_devices(state);
	json_memory(state);
	json_open("clock", '{');
	json_text("state", clock_word(&state->clock));
	json_text("clocksource", state->clock.source);
	json_text("hooks", state->clock.hooks);
	json_number("guest_pages", state->clock.pages);
	json_number("host_faults", state->clock.bad[0]);
	json_number("guest_faults", state->clock.bad[1]);
	json_close();
	json_close();
}

static void print_size(const char *name, uint64_t bytes)
{
	char text[32];

	state_size(text, sizeof(text), bytes);
	printf("%-12s%s\n", name, text);
}

static void print_device(const struct device *device)
{
	unsigned int bit;

	printf("%-12s%s, driver %s%s%s\n", "device", device->name,
	       *device->driver ? device->driver : "none", *device->state ? ", " : "",
	       device->state);
	printf("%-12s", "features");
	for (bit = 0; bit < F_COUNT; bit++)
		if (device->features & 1 << bit)
			printf("%s ", state_feature(bit));
	printf("\n");
}

static void print_text(const struct state *state)
{
	const char *why = state_why_not(state);
	unsigned int i;

	printf("%-12s%s\n", "kernel", state->kernel);
	printf("%-12s%s\n", "engine",
	       *state->hooks.engine ? state->hooks.engine : "mm_hooks is not loaded");
	if (why)
		printf("%-12soff: %s\n", "reporting", why);
	else
		printf("%-12son, level %" PRIu64 "\n", "reporting", state->hooks.level);
	for (i = 0; i < state->num_devices; i++)
		print_device(&state->devices[i]);
	print_size("free", state->memory.free);
	print_size("reported", state->hooks.reported_free);
	print_size("ballooned", ballooned(state));
	printf("%-12s%s (clocksource %s%s)\n", "clock", clock_word(&state->clock),
	       state->clock.source, HAS_KVMCLOCK ? "" : "; kvmclock_fix is for x86-64 only");
}

int command_status(int argc, char **argv)
{
	bool json = false;
	const struct option_spec specs[] = { { .name = "--json", .flag = &json }, { 0 } };
	struct state state;

	if (!options_parse(argc, argv, specs, 0))
		return command_usage(argv);
	state_read(&state);
	if (json)
		print_json(&state);
	else
		print_text(&state);
	return EXIT_DONE;
}
