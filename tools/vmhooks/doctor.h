/* SPDX-License-Identifier: GPL-2.0-only */
/* What vmhooks doctor checks. */
#ifndef VMHOOKS_DOCTOR_H
#define VMHOOKS_DOCTOR_H

#include "state.h"

/**
 * struct finding - what a check has found
 * @name:  one word for scripts
 * @fault: memory does not come back because of it; else it only costs some
 * @what:  what is the case
 * @todo:  what to do about it
 */
struct finding {
	const char *name;
	bool fault;
	char what[512];
	char todo[512];
};

/* Fills in @what and @todo.  Return: whether it found something. */
typedef bool (*doctor_check)(const struct state *state, struct finding *finding);

/* Checks, from the kernel to the host. */
struct check {
	const char *name;
	bool fault;
	doctor_check run;
};

/* Each list ends with an entry without a name. */
extern const struct check doctor_driver[];
extern const struct check doctor_memory[];

/* Fill in a finding's texts. */
void doctor_what(struct finding *finding, const char *format, ...) PRINTF(2, 3);
void doctor_todo(struct finding *finding, const char *format, ...) PRINTF(2, 3);

/* The first device that is bound to our driver, or NULL. */
const struct device *doctor_ours(const struct state *state);

#endif /* VMHOOKS_DOCTOR_H */
