/* SPDX-License-Identifier: GPL-2.0-only */
/* Clock pages, what a guest makes of them, and how far they step. */
#ifndef CLOCKVM_PAGE_H
#define CLOCKVM_PAGE_H

#include <stdbool.h>
#include <stdint.h>

#define PAGE_STABLE	1	/* flags: all vCPUs are on one line */
#define STEP_BINS	12	/* sizes up to 0, 1, 10, 100, ... ns, and any */

/* What KVM writes for kvmclock, and for Xen. */
struct clock_page {
	uint32_t version;
	uint32_t pad;
	uint64_t tsc;
	int64_t ns;
	uint32_t mul;
	int8_t shift;
	uint8_t flags;
	uint8_t pad2[2];
};

/* What KVM writes for Hyper-V guests; the sequence is 0 while it is not to be used. */
struct hv_page {
	uint32_t sequence;
	uint32_t pad;
	uint64_t scale;
	int64_t offset;
};

/* What was seen of one kind of page. */
struct steps {
	const char *name;
	uint64_t compared;
	uint64_t negative;	/* clocks below zero */
	uint64_t backwards;	/* steps below zero */
	uint64_t odd;		/* versions that are odd, or did not change by two */
	int64_t min, max;
	int64_t last;		/* where the clock was last seen, ns */
	uint64_t bins[STEP_BINS];
};

/* Nanoseconds that a guest computes from a page; a TSC before the page's goes back. */
int64_t page_ns(const struct clock_page *page, uint64_t tsc);

/* Hundreds of nanoseconds that a Hyper-V guest computes. */
int64_t hv_time(const struct hv_page *page, uint64_t tsc);

void steps_reset(struct steps *steps, const char *name);

/* Count a page: signs, versions, and the step from the old one when both are stable. */
void steps_page(struct steps *steps, const struct clock_page *old, const struct clock_page *new);

/* Count the step between two Hyper-V pages at a TSC, when both can be used. */
void steps_hv(struct steps *steps, const struct hv_page *old, const struct hv_page *new,
	      uint64_t tsc);

/* One line with all of it, and another with the sizes. */
void steps_print(const struct steps *steps);

#endif
