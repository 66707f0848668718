// SPDX-License-Identifier: GPL-2.0-only
/* vmhooks: the command for guests with the modules of vmhooks. */
#include <locale.h>
#include <stdio.h>
#include <string.h>

#include "command.h"
#include "sys.h"

static const struct {
	const char *name;
	int (*run)(int argc, char **argv);
	const char *arguments;
	const char *what;
} commands[] = {
	{ "status", command_status, "[--json]",
	  "whether free memory is reported, and how much" },
	{ "doctor", command_doctor, "[--json]",
	  "why memory does not come back, and what to do" },
	{ "flush", command_flush, "[--compact] [--drop-caches] [--timeout S]",
	  "report all free memory now, and wait" },
	{ "watch", command_watch, "[--interval S] [--count N]",
	  "a live chart of free, reported and reused memory" },
	{ "takeover", command_takeover, "[--boot] [--force] [DEVICE...]",
	  "move balloon devices to balloon_report" },
	{ "release", command_release, "[--force] [DEVICE...]",
	  "move balloon devices to the stock driver" },
	{ "metrics", command_metrics, "[--output FILE]",
	  "all counters as Prometheus text" },
	{ "trim", command_trim, "[--now] [--max-mb N] [--step-mb N]",
	  "while the guest is idle: reclaim cold page cache, then flush" },
};

static void print_usage(FILE *out)
{
	size_t i;

	fprintf(out, "usage: vmhooks COMMAND [OPTION...]\n\n");
	for (i = 0; i < ARRAY_SIZE(commands); i++)
		fprintf(out, "  %s %s\n      %s\n", commands[i].name, commands[i].arguments,
			commands[i].what);
	fprintf(out, "\nSee vmhooks(8).\n");
}

int command_usage(char **argv)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(commands); i++)
		if (!strcmp(argv[0], commands[i].name))
			fprintf(stderr, "usage: vmhooks %s %s\n", commands[i].name,
				commands[i].arguments);
	return EXIT_USAGE;
}

int main(int argc, char **argv)
{
	size_t i;

	setlocale(LC_CTYPE, "");
	if (argc == 2 && (!strcmp(argv[1], "--help") || !strcmp(argv[1], "help"))) {
		print_usage(stdout);
		return EXIT_DONE;
	}
	if (argc == 2 && !strcmp(argv[1], "--version")) {
		printf("vmhooks %s\n", VMHOOKS_VERSION);
		return EXIT_DONE;
	}
	for (i = 0; argc > 1 && i < ARRAY_SIZE(commands); i++)
		if (!strcmp(argv[1], commands[i].name))
			return commands[i].run(argc - 1, argv + 1);
	print_usage(stderr);
	return EXIT_USAGE;
}
