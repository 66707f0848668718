// SPDX-License-Identifier: GPL-2.0-only
/* Writes JSON to the standard output, indented. */
#include "json.h"

#include <inttypes.h>
#include <stddef.h>
#include <stdio.h>

#define DEPTH 8

static char closing[DEPTH];
static unsigned int depth;
static bool is_first = true;

static void quoted(const char *text)
{
	putchar('"');
	for (; *text; text++)
		if ((unsigned char)*text < ' ')
			printf("\\u%04x", *text);
		else if (*text == '"' || *text == '\\')
			printf("\\%c", *text);
		else
			putchar(*text);
	putchar('"');
}

/* What stands before a value. */
static void start(const char *name)
{
	if (!is_first)
		putchar(',');
	if (depth)
		printf("\n%*s", 2 * depth, "");
	if (name) {
		quoted(name);
		printf(": ");
	}
	is_first = false;
}

void json_open(const char *name, char bracket)
{
	start(name);
	putchar(bracket);
	closing[depth++] = bracket == '{' ? '}' : ']';
	is_first = true;
}

void json_text(const char *name, const char *value)
{
	start(name);
	quoted(value);
}

void json_number(const char *name, uint64_t value)
{
	start(name);
	printf("%" PRIu64, value);
}

void json_bool(const char *name, bool value)
{
	start(name);
	printf("%s", value ? "true" : "false");
}

void json_close(void)
{
	depth--;
	if (!is_first)
		printf("\n%*s", 2 * depth, "");
	putchar(closing[depth]);
	is_first = false;
	if (!depth) {
		putchar('\n');
		is_first = true;
	}
}
