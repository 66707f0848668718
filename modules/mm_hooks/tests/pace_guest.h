/* SPDX-License-Identifier: GPL-2.0-only */
/* A guest made of numbers, for the suites about when to let a reporting pass run. */
#ifndef MMH_PACE_GUEST_H
#define MMH_PACE_GUEST_H

#include "../pace/pace.c"

#define MIB (1024ULL * 1024)
#define GIB (1024 * MIB)
#define DELAY 100

static inline struct mmh_pace start(u64 free)
{
	struct mmh_pace p;

	mmh_pace_init(&p, 1000, &(struct mmh_pace_memory){ free });
	return p;
}

/* With nothing in the pcplists. */
static inline unsigned int request(struct mmh_pace *p, unsigned int delay, u64 now, u64 free)
{
	return mmh_pace_request(p, delay, now, &(struct mmh_pace_memory){ free });
}

static inline unsigned int check(struct mmh_pace *p, unsigned int delay, u64 now, u64 free)
{
	return mmh_pace_check(p, delay, now, &(struct mmh_pace_memory){ free });
}

static inline void report(struct mmh_pace *p, u64 now, u64 free, u64 bytes)
{
	mmh_pace_reported(p, now, free, bytes, false);
}

static inline void report_small(struct mmh_pace *p, u64 now, u64 free, u64 bytes)
{
	mmh_pace_reported(p, now, free, bytes, true);
}

static inline u64 observe(struct mmh_pace *p, u64 now, u64 free)
{
	return mmh_pace_observe(p, now, &(struct mmh_pace_memory){ free });
}

static inline unsigned int fail(struct mmh_pace *p, u64 now, u64 free)
{
	return mmh_pace_failed(p, now, &(struct mmh_pace_memory){ free });
}

#endif /* MMH_PACE_GUEST_H */
