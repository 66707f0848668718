/* SPDX-License-Identifier: GPL-2.0-only */
/* Tracepoints of the kernel that are not exported: found by their name. */
#ifndef MMH_TRACEPOINT_H
#define MMH_TRACEPOINT_H

#include <linux/string.h>
#include <linux/tracepoint.h>

struct mmh_tracepoint_search {
	const char *name;
	struct tracepoint *found;
};

static inline void mmh_tracepoint_match(struct tracepoint *tp, void *data)
{
	struct mmh_tracepoint_search *search = data;

	if (!strcmp(tp->name, search->name))
		search->found = tp;
}

/**
 * mmh_tracepoint_find() - find a tracepoint of the kernel image
 * @name: its name; from 7.3 on a bare tracepoint ends in "_tp"
 *
 * Context: process, may sleep.
 * Return: the tracepoint, or NULL when this kernel has none of that name.
 */
static inline struct tracepoint *mmh_tracepoint_find(const char *name)
{
	struct mmh_tracepoint_search search = { .name = name };

	for_each_kernel_tracepoint(mmh_tracepoint_match, &search);
	return search.found;
}

#endif /* MMH_TRACEPOINT_H */
