// SPDX-License-Identifier: GPL-2.0-only
/* vmhooks watch: a live chart of free, reported and reused memory. */
#include <langinfo.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <time.h>
#include <unistd.h>

#include "command.h"
#include "options.h"
#include "state.h"

#define MAX_COLUMNS 400
#define LABELS 22	/* columns beside the chart */
#define STEPS 8		/* heights of a column */

enum { FREE, REPORTED, REUSED, LINES };

/**
 * struct chart - the samples on the screen
 * @value:   bytes, the newest last; reused memory since the sample before
 * @used:    number of samples
 * @columns: most that fit
 * @total:   the guest's memory, which a full column stands for
 * @reused:  the counter at the last sample
 */
struct chart {
	uint64_t value[LINES][MAX_COLUMNS];
	unsigned int used;
	unsigned int columns;
	uint64_t total;
	uint64_t reused;
};

static volatile sig_atomic_t stopped;

static void stop(int number)
{
	(void)number;
	stopped = 1;
}

static void take_sample(struct chart *chart)
{
	struct memory memory;
	struct hooks hooks;
	unsigned int line;

	state_read_memory(&memory);
	state_read_hooks(&hooks);
	if (chart->used == chart->columns) {
		chart->used--;
		for (line = 0; line < LINES; line++)
			memmove(chart->value[line], chart->value[line] + 1,
				chart->used * sizeof(chart->value[line][0]));
	}
	chart->value[FREE][chart->used] = memory.free;
	chart->value[REPORTED][chart->used] = hooks.reported_free;
	chart->value[REUSED][chart->used] = chart->reused ? hooks.reused - chart->reused : 0;
	chart->reused = hooks.reused;
	chart->total = memory.total;
	chart->used++;
}

/* A column that is @height of STEPS high. */
static const char *column(unsigned int height)
{
	static const char *const blocks[] = {
		" ", "▁", "▂", "▃", "▄", "▅", "▆", "▇", "█",
	};
	static const char *const letters[] = {
		" ", "_", ".", "-", "=", "+", "*", "%", "#",
	};

	return (strcmp(nl_langinfo(CODESET), "UTF-8") ? letters : blocks)[height];
}

static void draw_line(const struct chart *chart, unsigned int line)
{
	static const char *const names[LINES] = { "free", "reported", "reused" };
	char size[32];
	unsigned int i;

	state_size(size, sizeof(size), chart->value[line][chart->used - 1]);
	printf("%-9s%11s ", names[line], size);
	for (i = 0; i < chart->used; i++) {
		uint64_t height = chart->total ? chart->value[line][i] * STEPS / chart->total : 0;

		if (!height && chart->value[line][i] >= 1 << 20)
			height = 1;
		fputs(column(height < STEPS ? height : STEPS), stdout);
	}
	printf("\n");
}

static void draw(const struct chart *chart, bool first)
{
	unsigned int line;

	if (!first && isatty(STDOUT_FILENO))
		printf("\033[%dA\033[J", LINES);
	for (line = 0; line < LINES; line++)
		draw_line(chart, line);
	fflush(stdout);
}

/* One row for each sample, where there is no terminal. */
static void print_row(const struct chart *chart, bool first)
{
	unsigned int at = chart->used - 1;

	if (first)
		printf("free_mib reported_mib reused_mib\n");
	printf("%llu %llu %llu\n", (unsigned long long)chart->value[FREE][at] >> 20,
	       (unsigned long long)chart->value[REPORTED][at] >> 20,
	       (unsigned long long)chart->value[REUSED][at] >> 20);
	fflush(stdout);
}

static unsigned int columns(void)
{
	struct winsize size;
	unsigned int width = 80;

	if (!ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) && size.ws_col > LABELS)
		width = size.ws_col;
	width -= LABELS;
	return width < MAX_COLUMNS ? width : MAX_COLUMNS;
}

int command_watch(int argc, char **argv)
{
	static struct chart chart;
	uint64_t interval_s = 1, count = UINT64_MAX, i;
	const struct option_spec specs[] = {
		{ .name = "--interval", .number = &interval_s, .max = 3600 },
		{ .name = "--count", .number = &count, .max = UINT64_MAX },
		{ 0 },
	};
	struct timespec pause = { 0 };

	if (!options_parse(argc, argv, specs, 0))
		return command_usage(argv);
	pause.tv_sec = interval_s;
	chart.columns = columns();
	signal(SIGINT, stop);
	signal(SIGTERM, stop);
	for (i = 0; i < count && !stopped; i++) {
		if (i)
			nanosleep(&pause, NULL);
		take_sample(&chart);
		if (isatty(STDOUT_FILENO))
			draw(&chart, !i);
		else
			print_row(&chart, !i);
	}
	return EXIT_DONE;
}
