/* SPDX-License-Identifier: GPL-2.0-only */
/* A guest made of numbers, for the suites about when to let a reporting pass run. */
#ifndef MM_HOOKS_PACE_GUEST_H
#define MM_HOOKS_PACE_GUEST_H

#include "../pace.c"

#define MIB (1024ULL * 1024)
#define GIB (1024 * MIB)
#define DELAY 100

static inline struct pace start(u64 free)
{
	struct pace p;

	pace_init(&p, 1000, &(struct pace_memory){ free });
	return p;
}

/* With nothing in the lists of the processors. */
static inline unsigned int request(struct pace *p, unsigned int delay, u64 now, u64 free)
{
	return pace_request(p, delay, now, &(struct pace_memory){ free });
}

static inline unsigned int check(struct pace *p, unsigned int delay, u64 now, u64 free)
{
	return pace_check(p, delay, now, &(struct pace_memory){ free });
}

static inline void report(struct pace *p, u64 now, u64 free, u64 bytes)
{
	pace_reported(p, now, free, bytes);
}

static inline unsigned int fail(struct pace *p, u64 now, u64 free)
{
	return pace_failed(p, now, &(struct pace_memory){ free });
}

#endif /* MM_HOOKS_PACE_GUEST_H */
