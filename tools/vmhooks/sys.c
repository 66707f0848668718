// SPDX-License-Identifier: GPL-2.0-only
/* Files of the kernel, below the folder that VMHOOKS_ROOT names, else below /. */
#include "sys.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <fnmatch.h>
#include <libgen.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static void path_of(char *path, const char *format, va_list values)
{
	const char *root = getenv("VMHOOKS_ROOT");
	int used = snprintf(path, SYS_PATH, "%s", root ? root : "");

	if (used < SYS_PATH)
		vsnprintf(path + used, SYS_PATH - used, format, values);
}

void sys_path(char *path, const char *format, ...)
{
	va_list values;

	va_start(values, format);
	path_of(path, format, values);
	va_end(values);
}

static bool read_path(char *text, size_t size, const char *path)
{
	int file = open(path, O_RDONLY | O_CLOEXEC);
	size_t used = 0;
	ssize_t got = -1;

	if (file >= 0) {
		do {
			got = read(file, text + used, size - 1 - used);
			used += got > 0 ? got : 0;
		} while (got > 0 && used < size - 1);
		close(file);
	}
	text[used] = 0;
	if (used && text[used - 1] == '\n')
		text[used - 1] = 0;
	return got >= 0;
}

bool sys_read(char *text, size_t size, const char *format, ...)
{
	char path[SYS_PATH];
	va_list values;

	va_start(values, format);
	path_of(path, format, values);
	va_end(values);
	return read_path(text, size, path);
}

uint64_t sys_number(const char *format, ...)
{
	char text[SYS_VALUE], path[SYS_PATH];
	va_list values;

	va_start(values, format);
	path_of(path, format, values);
	va_end(values);
	return read_path(text, sizeof(text), path) ? strtoull(text, NULL, 0) : 0;
}

int sys_write(const char *text, const char *format, ...)
{
	char path[SYS_PATH];
	int file, err = 0;
	va_list values;

	va_start(values, format);
	path_of(path, format, values);
	va_end(values);
	file = open(path, O_WRONLY | O_CLOEXEC);
	if (file < 0)
		return -errno;
	if (write(file, text, strlen(text)) < 0)
		err = -errno;
	close(file);
	return err;
}

bool sys_exists(const char *format, ...)
{
	char path[SYS_PATH];
	va_list values;

	va_start(values, format);
	path_of(path, format, values);
	va_end(values);
	return access(path, F_OK) == 0;
}

/* Sets @target, of SYS_PATH bytes, to "" where there is no link. */
static bool read_link(char *target, const char *path)
{
	ssize_t length = readlink(path, target, SYS_PATH - 1);

	target[length < 0 ? 0 : length] = 0;
	return length >= 0;
}

bool sys_link(char *name, size_t size, const char *format, ...)
{
	char target[SYS_PATH], path[SYS_PATH];
	bool found;
	va_list values;

	va_start(values, format);
	path_of(path, format, values);
	va_end(values);
	found = read_link(target, path);
	snprintf(name, size, "%s", found ? basename(target) : "");
	return found;
}

bool sys_link_has(const char *text, const char *format, ...)
{
	char target[SYS_PATH], path[SYS_PATH];
	va_list values;

	va_start(values, format);
	path_of(path, format, values);
	va_end(values);
	return read_link(target, path) && strstr(target, text);
}

bool sys_has(const char *text, const char *format, ...)
{
	char path[SYS_PATH], *line = NULL;
	size_t size = 0;
	bool found = false;
	va_list values;
	FILE *file;

	va_start(values, format);
	path_of(path, format, values);
	va_end(values);
	file = fopen(path, "re");
	while (file && !found && getline(&line, &size, file) >= 0)
		found = strstr(line, text);
	free(line);
	if (file)
		fclose(file);
	return found;
}

void sys_each(const char *folder, const char *pattern,
	      void (*call)(const char *name, void *data), void *data)
{
	struct dirent **entries;
	char path[SYS_PATH];
	int i, count;

	sys_path(path, "%s", folder);
	count = scandir(path, &entries, NULL, alphasort);
	for (i = 0; i < count; i++) {
		if (!fnmatch(pattern, entries[i]->d_name, FNM_PERIOD))
			call(entries[i]->d_name, data);
		free(entries[i]);
	}
	if (count >= 0)
		free(entries);
}
