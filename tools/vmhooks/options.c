// SPDX-License-Identifier: GPL-2.0-only
/* Options of a command. */
#include "options.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const struct option_spec *find(const struct option_spec *specs, const char *name)
{
	for (; specs->name; specs++)
		if (!strcmp(specs->name, name))
			return specs;
	return NULL;
}

static bool set_number(const struct option_spec *spec, const char *text)
{
	char *end;

	errno = 0;
	*spec->number = strtoull(text, &end, 10);
	if (!errno && *text >= '0' && *text <= '9' && !*end && *spec->number &&
	    *spec->number <= spec->max)
		return true;
	fprintf(stderr, "vmhooks: %s takes a number from 1 to %" PRIu64 ", not '%s'\n",
		spec->name, spec->max, text);
	return false;
}

/* Return: how many arguments the option takes, or 0 for a wrong one. */
static int set(const struct option_spec *spec, const char *name, const char *value)
{
	if (!spec) {
		fprintf(stderr, "vmhooks: there is no option '%s'\n", name);
		return 0;
	}
	if (spec->flag) {
		*spec->flag = true;
		return 1;
	}
	if (!value) {
		fprintf(stderr, "vmhooks: %s takes a value\n", name);
		return 0;
	}
	if (spec->number)
		return set_number(spec, value) ? 2 : 0;
	*spec->text = value;
	return 2;
}

int options_parse(int argc, char **argv, const struct option_spec *specs, int most)
{
	int i = 1;

	while (i < argc && argv[i][0] == '-') {
		int used = set(find(specs, argv[i]), argv[i], argv[i + 1]);

		if (!used)
			return 0;
		i += used;
	}
	if (argc - i <= most)
		return i;
	fprintf(stderr, "vmhooks: '%s' is one argument too many\n", argv[i + most]);
	return 0;
}
