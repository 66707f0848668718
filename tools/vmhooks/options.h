/* SPDX-License-Identifier: GPL-2.0-only */
/* Options of a command. */
#ifndef VMHOOKS_OPTIONS_H
#define VMHOOKS_OPTIONS_H

#include <stdbool.h>
#include <stdint.h>

/**
 * struct option_spec - an option
 * @name:   with its dashes
 * @flag:   set if it is given, or NULL
 * @number: its argument, from 1 to @max, or NULL
 * @max:    the largest @number
 * @text:   its argument, or NULL
 */
struct option_spec {
	const char *name;
	bool *flag;
	uint64_t *number;
	uint64_t max;
	const char **text;
};

/**
 * options_parse() - read the options of a command
 * @argc: arguments, the first is the command
 * @argv: its arguments
 * @specs: its options, the last has no name
 * @most: other arguments that it takes
 *
 * Return: the index of the first other argument, or 0 after a message: then the usage
 * is wrong.
 */
int options_parse(int argc, char **argv, const struct option_spec *specs, int most);

#endif /* VMHOOKS_OPTIONS_H */
