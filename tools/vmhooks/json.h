/* SPDX-License-Identifier: GPL-2.0-only */
/* Writes JSON to the standard output, indented. */
#ifndef VMHOOKS_JSON_H
#define VMHOOKS_JSON_H

#include <stdbool.h>
#include <stdint.h>

/* @name is the key, or NULL in a list and for the outermost value. */
void json_open(const char *name, char bracket);
void json_text(const char *name, const char *value);
void json_number(const char *name, uint64_t value);
void json_bool(const char *name, bool value);

/* Close the innermost list or object.  The last one ends the line. */
void json_close(void);

#endif /* VMHOOKS_JSON_H */
