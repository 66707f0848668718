/* SPDX-License-Identifier: GPL-2.0-only */
/* Decode pvclock pages and measure their steps. */
#ifndef CLOCKVM_PAGE_H
#define CLOCKVM_PAGE_H

#include <stdbool.h>
#include <stdint.h>

#define PAGE_STABLE	1	/* flags: all vCPUs are on one clock line */
#define STEP_BINS	12	/* sizes up to 0, 1, 10, 100, ... ns, and larger */

/* The format of kvmclock and of Xen's time info. */
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

/* The format of Hyper-V's TSC page. It is invalid while the sequence is 0. */
struct hv_page {
	uint32_t sequence;
	uint32_t pad;
	uint64_t scale;
	int64_t offset;
};

/* Findings for one kind of page. */
struct steps {
	const char *name;
	uint64_t compared;
	uint64_t negative;	/* clocks below zero */
	uint64_t backwards;	/* steps below zero */
	uint64_t odd;		/* versions that are odd, or did not change by two */
	int64_t min, max;
	int64_t last;		/* the last value of the clock, ns */
	uint64_t bins[STEP_BINS];
};

/* The guest's clock at a TSC, in ns. A TSC before the page's extrapolates backwards. */
int64_t page_ns(const struct clock_page *page, uint64_t tsc);

/* The Hyper-V guest's clock at a TSC, in units of 100 ns. */
int64_t hv_time(const struct hv_page *page, uint64_t tsc);

void steps_reset(struct steps *steps, const char *name);

/* Count a page: sign, version, and the step from the old page if both are stable. */
void steps_page(struct steps *steps, const struct clock_page *old, const struct clock_page *new);

/* Count the step between two Hyper-V pages at a TSC, if both are valid. */
void steps_hv(struct steps *steps, const struct hv_page *old, const struct hv_page *new,
	      uint64_t tsc);

/* Print a line with all findings, and a line with the histogram. */
void steps_print(const struct steps *steps);

#endif
