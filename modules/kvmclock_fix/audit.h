/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What is wrong with a clock page, from the page and the one before it.
 * Decisions, without kernel state.
 */
#ifndef KVMCLOCK_FIX_AUDIT_H
#define KVMCLOCK_FIX_AUDIT_H

#include <linux/bits.h>
#include <linux/types.h>

#include "line.h"

/* Upper borders of the histogram of steps: 0, 1, 10, 100, ... ns, and any. */
#define KF_STEP_BINS 12

/* Pages that one vCPU may be shown: its own and two of Xen's. */
#define KF_PAGES 3

/* What kf_audit() finds. */
#define KF_NEGATIVE	BIT(0) /* the clock is below zero */
#define KF_BACKWARDS	BIT(1) /* behind what the page before it shows */
#define KF_RATE_CHANGED BIT(2)
#define KF_VERSION	BIT(3) /* a reader cannot tell that the page changed */
#define KF_STEPPED	BIT(4) /* the step says something */
#define KF_SET		BIT(5) /* somebody set the clock or the TSC in between */

/* Those that are somebody's mistake. */
#define KF_BAD (KF_NEGATIVE | KF_BACKWARDS | KF_VERSION)

/**
 * struct kf_page - a clock page
 * @version: changes whenever the rest does
 * @line:    the clock
 * @stable:  all vCPUs of the VM are on one line
 */
struct kf_page {
	u32 version;
	struct kf_line line;
	bool stable;
};

/**
 * struct kf_epoch - between two pages of one epoch the clock ought not to step
 * @sets:	changes of the VM's clock by somebody else
 * @tsc_offset: of the vCPU, 0 where it is not known
 * @sleeps:	of the machine
 */
struct kf_epoch {
	u64 sets;
	u64 tsc_offset;
	u32 sleeps;
};

/* Nobody has set anything between the two. */
static inline bool kf_epoch_same(const struct kf_epoch *a,
				 const struct kf_epoch *b)
{
	return a->sets == b->sets && a->tsc_offset == b->tsc_offset &&
	       a->sleeps == b->sleeps;
}

/**
 * struct kf_seen - what a vCPU was shown last; zero it to begin
 * @any:      there was a page
 * @next:     of @versions, the one to forget first
 * @versions: of the pages of this vCPU
 * @page:     the last one
 * @epoch:    when that was
 * @stuck:    version of a page that could not be read; for its reader
 */
struct kf_seen {
	bool any;
	u8 next;
	u32 versions[KF_PAGES];
	struct kf_page page;
	struct kf_epoch epoch;
	u32 stuck;
};

/**
 * struct kf_counts - what was found
 * @updates:		 pages
 * @negative:		 KF_NEGATIVE
 * @backwards:		 KF_BACKWARDS
 * @rate_changes:	 KF_RATE_CHANGED
 * @version_violations:	 KF_VERSION
 * @sets:		 times that somebody set a clock, where that can be told
 * @corrected:		 clocks that were changed by us
 * @steps:		 KF_STEPPED, by size
 */
struct kf_counts {
	u64 updates;
	u64 negative;
	u64 backwards;
	u64 rate_changes;
	u64 version_violations;
	u64 sets;
	u64 corrected;
	u64 steps[KF_STEP_BINS];
};

/**
 * kf_audit() - look at a page
 * @seen:  what the vCPU was shown before; becomes @page
 * @page:  what it is shown now
 * @epoch: now
 * @step:  how far the clock stepped, ns; 0 unless KF_STEPPED
 *
 * A step is judged only between two stable pages of one epoch.
 *
 * Return: KF_* bits.
 */
unsigned int kf_audit(struct kf_seen *seen, const struct kf_page *page,
		      const struct kf_epoch *epoch, s64 *step);

/**
 * kf_count() - add a finding to the counts, but for @sets and @corrected
 * @counts: where to
 * @found:  KF_* bits
 * @step:   nanoseconds
 */
void kf_count(struct kf_counts *counts, unsigned int found, s64 step);

/**
 * kf_audit_goes_on() - does a page go on where the one before is, as most do?
 * @seen:   what the vCPU was shown before; becomes @page where it does
 * @page:   what it is shown now
 * @epoch:  now
 * @counts: where to count it
 *
 * A short way to what kf_audit() finds and kf_count() counts of such a page: no
 * step, as one of the two is not stable, or one of 0 or 1 ns.  Only where the
 * version follows that of the vCPU's first page.
 *
 * Return: whether it does; if not, nothing is touched.
 */
static inline bool kf_audit_goes_on(struct kf_seen *seen,
				    const struct kf_page *page,
				    const struct kf_epoch *epoch,
				    struct kf_counts *counts)
{
	struct kf_page *last = &seen->page;
	u64 step;

	if (seen->versions[0] + 2 != page->version ||
	    ((page->version ^ last->version) & 1) || page->line.ns < 0 ||
	    !seen->any || !kf_rate_same(&last->line.rate, &page->line.rate) ||
	    !kf_epoch_same(&seen->epoch, epoch))
		return false;
	if (likely(last->stable && page->stable)) {
		if ((s64)(page->line.tsc - last->line.tsc) < 0)
			return false;
		step = kf_line_step(&last->line, &page->line);
		if (step > 1)
			return false;
		counts->steps[step]++; /* a bin each, kf_step_border() */
	} else if (last->stable && kf_line_same(&last->line, &page->line)) {
		return false;
	}
	counts->updates++;
	seen->versions[0] = page->version;
	seen->page = *page;
	return true;
}

/**
 * kf_counts_add() - add counts up
 * @sum:    where to
 * @counts: what to add
 */
void kf_counts_add(struct kf_counts *sum, const struct kf_counts *counts);

/**
 * kf_step_border() - the largest step of a bin
 * @bin: 0 to KF_STEP_BINS - 1
 *
 * Return: nanoseconds; S64_MAX for the last one.
 */
s64 kf_step_border(unsigned int bin);

#endif /* KVMCLOCK_FIX_AUDIT_H */
