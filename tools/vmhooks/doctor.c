// SPDX-License-Identifier: GPL-2.0-only
/* vmhooks doctor: why memory does not come back, and what to do. */
#include "doctor.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "command.h"
#include "json.h"
#include "options.h"

#define MAX_FINDINGS 32

void doctor_what(struct finding *finding, const char *format, ...)
{
	va_list values;

	va_start(values, format);
	vsnprintf(finding->what, sizeof(finding->what), format, values);
	va_end(values);
}

void doctor_todo(struct finding *finding, const char *format, ...)
{
	va_list values;

	va_start(values, format);
	vsnprintf(finding->todo, sizeof(finding->todo), format, values);
	va_end(values);
}

const struct device *doctor_ours(const struct state *state)
{
	unsigned int i;

	for (i = 0; i < state->num_devices; i++)
		if (!strcmp(state->devices[i].driver, OURS))
			return &state->devices[i];
	return NULL;
}

static unsigned int run_checks(const struct check *checks, const struct state *state,
			       struct finding *findings)
{
	unsigned int count = 0;

	for (; checks->name; checks++) {
		struct finding *finding = &findings[count];

		memset(finding, 0, sizeof(*finding));
		finding->name = checks->name;
		finding->fault = checks->fault;
		if (checks->run(state, finding))
			count++;
	}
	return count;
}

static void print_json(const struct finding *findings, unsigned int count)
{
	unsigned int i;

	json_open(NULL, '{');
	json_open("findings", '[');
	for (i = 0; i < count; i++) {
		json_open(NULL, '{');
		json_text("name", findings[i].name);
		json_bool("fault", findings[i].fault);
		json_text("what", findings[i].what);
		json_text("todo", findings[i].todo);
		json_close();
	}
	json_close();
	json_close();
}

static void print_text(const struct finding *findings, unsigned int count)
{
	unsigned int i;

	for (i = 0; i < count; i++)
		printf("%s %s: %s\n      %s\n", findings[i].fault ? "FAULT" : "note ",
		       findings[i].name, findings[i].what, findings[i].todo);
}

int command_doctor(int argc, char **argv)
{
	struct finding findings[MAX_FINDINGS];
	bool json = false, faults = false;
	const struct option_spec specs[] = { { .name = "--json", .flag = &json }, { 0 } };
	struct state state;
	unsigned int count, i;

	if (!options_parse(argc, argv, specs, 0))
		return command_usage(argv);
	state_read(&state);
	count = run_checks(doctor_driver, &state, findings);
	count += run_checks(doctor_memory, &state, findings + count);
	for (i = 0; i < count; i++)
		faults |= findings[i].fault;
	if (json)
		print_json(findings, count);
	else
		print_text(findings, count);
	if (!json && !faults)
		printf("Free memory is reported to the host.\n");
	return faults ? EXIT_FAULT : EXIT_DONE;
}
