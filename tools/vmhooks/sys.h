/* SPDX-License-Identifier: GPL-2.0-only */
/* Files of the kernel, below the folder that VMHOOKS_ROOT names, else below /. */
#ifndef VMHOOKS_SYS_H
#define VMHOOKS_SYS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define ARRAY_SIZE(_array) (sizeof(_array) / sizeof((_array)[0]))
#define PRINTF(_format, _first) __attribute__((format(printf, _format, _first)))

/* The longest path, and the longest value of a file with one value. */
#define SYS_PATH 512
#define SYS_VALUE 256

/* Write the path of a file into @path, of SYS_PATH bytes. */
void sys_path(char *path, const char *format, ...) PRINTF(2, 3);

/**
 * sys_read() - read a file
 * @text: its contents, without the line feed at the end; empty after a failure
 * @size: bytes in @text
 * @format: the path
 *
 * Return: whether it could be read.
 */
bool sys_read(char *text, size_t size, const char *format, ...) PRINTF(3, 4);

/* The number in a file, decimal or with 0x, or 0 if there is none. */
uint64_t sys_number(const char *format, ...) PRINTF(1, 2);

/* Write a text.  Return: 0 or a negative errno. */
int sys_write(const char *text, const char *format, ...) PRINTF(2, 3);

/* Whether there is such a file. */
bool sys_exists(const char *format, ...) PRINTF(1, 2);

/* The last part of a symbolic link's target into @name; false if there is none. */
bool sys_link(char *name, size_t size, const char *format, ...) PRINTF(3, 4);

/* Whether the target of a symbolic link has this text in it. */
bool sys_link_has(const char *text, const char *format, ...) PRINTF(2, 3);

/* Whether a file has a line with this text in it. */
bool sys_has(const char *text, const char *format, ...) PRINTF(2, 3);

/* The names in a folder that match a shell pattern, one call for each, sorted. */
void sys_each(const char *folder, const char *pattern,
	      void (*call)(const char *name, void *data), void *data);

#endif /* VMHOOKS_SYS_H */
