/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The audit of a pvclock page: comparison with the page before it.  Pure decisions,
 * without kernel state.
 */
#ifndef KVMCLOCK_FIX_AUDIT_H
#define KVMCLOCK_FIX_AUDIT_H

#include <linux/bits.h>
#include <linux/compiler.h>
#include <linux/types.h>

#include <asm/pvclock-abi.h>

#include "line.h"

/* Bins of the histogram of steps: up to 0, 1, 10, 100, ... ns, and above. */
#define KF_STEP_BINS 12

/* Pages that KVM publishes to one vCPU: kvmclock's and two of Xen's. */
#define KF_PAGES 3

/* Findings of kf_audit_page(). */
#define KF_NEGATIVE	BIT(0) /* system_time is below zero */
#define KF_BACKWARDS	BIT(1) /* behind the line of the page before */
#define KF_RATE_CHANGED BIT(2) /* another rate than the page before */
#define KF_VERSION	BIT(3) /* a reader cannot tell that the page changed */
#define KF_STEPPED	BIT(4) /* the step is valid */
#define KF_SET		BIT(5) /* the clock or the TSC was set since the page before */

/* Two findings of a guest, beside KF_BACKWARDS. */
#define KF_STOPPED	BIT(7) /* a stop of that length, or a disruption, explains the step */
#define KF_DISRUPTED	BIT(8) /* the host tells of a disruption since the page before */

/* Findings that indicate a host or KVM bug. */
#define KF_BAD (KF_NEGATIVE | KF_BACKWARDS | KF_VERSION)

/**
 * struct kf_page - a pvclock page
 * @version: changes whenever the rest does
 * @line:    the clock line
 * @stable:  PVCLOCK_TSC_STABLE_BIT: all vCPUs of the VM have one clock line
 */
struct kf_page {
	u32 version;
	struct kf_line line;
	bool stable;
};

/**
 * kf_page_copy() - copy a page that is not written at the same time
 * @page:  the copy
 * @clock: the page
 */
static inline void kf_page_copy(struct kf_page *page,
				const struct pvclock_vcpu_time_info *clock)
{
	page->version = READ_ONCE(clock->version);
	page->line.tsc = READ_ONCE(clock->tsc_timestamp);
	page->line.ns = READ_ONCE(clock->system_time);
	page->line.rate.mul = READ_ONCE(clock->tsc_to_system_mul);
	page->line.rate.shift = READ_ONCE(clock->tsc_shift);
	page->stable = READ_ONCE(clock->flags) & PVCLOCK_TSC_STABLE_BIT;
}

/**
 * kf_page_read() - read a page that the host may write at any time
 * @page:  the copy
 * @clock: the page
 *
 * Return: false if the page did not become stable; then @page may be inconsistent.
 */
bool kf_page_read(struct kf_page *page,
		  const struct pvclock_vcpu_time_info *clock);

/* In a guest no timer ran for less than this in any case. */
#define KF_STOP_NS 20000000

/**
 * kf_audit_is_stop() - would a stop of the guest explain a step?
 * @step:   the step, nanoseconds
 * @gap_ns: the longest time in which the timekeeper was not updated
 *
 * A host that stops a guest, and continues its clock where that was, sets it back by the
 * length of the stop.  The TSC goes on, so no CPU updates the timekeeper for that long.
 *
 * Return: whether it would.
 */
static inline bool kf_audit_is_stop(s64 step, u64 gap_ns)
{
	return step < -KF_STOP_NS && gap_ns >= -(u64)step - KF_STOP_NS;
}

/**
 * struct kf_reading - a clock and a reference, read at the same TSC
 * @ns:	       of the clock
 * @reference: nanoseconds of the reference
 */
struct kf_reading {
	s64 ns;
	s64 reference;
};

/* Shorter times say nothing about a rate. */
#define KF_READING_NS 1000000000

/**
 * kf_reading_ppb() - the rate of a clock, measured with a reference
 * @first: the first reading
 * @last:  a later one
 * @ppb:   by how much the clock is faster, in 0.001 ppm
 *
 * Return: false where the time in between is too short.
 */
bool kf_reading_ppb(const struct kf_reading *first,
		    const struct kf_reading *last, s64 *ppb);

/* Size of the text of kf_page_describe(). */
#define KF_FINDING_LENGTH 128

/**
 * kf_page_describe() - describe bad findings for the log
 * @text:  buffer
 * @size:  of @text, KF_FINDING_LENGTH or more
 * @page:  the page
 * @found: KF_* bits
 * @step:  the step, nanoseconds
 *
 * Context: any.
 */
void kf_page_describe(char *text, size_t size, const struct kf_page *page,
		      unsigned int found, s64 step);

/**
 * struct kf_epoch - within one epoch the clock must not step
 * @sets:	changes of the VM's clock, as by KVM_SET_CLOCK
 * @tsc_offset: of the vCPU, 0 where it is unknown
 * @suspends:	suspends of the host, or in a guest of the guest
 */
struct kf_epoch {
	u64 sets;
	u64 tsc_offset;
	u32 suspends;
};

/* Return: whether neither the clock nor the TSC was set between @a and @b. */
static inline bool kf_epoch_is_same(const struct kf_epoch *a,
				    const struct kf_epoch *b)
{
	return a->sets == b->sets && a->tsc_offset == b->tsc_offset &&
	       a->suspends == b->suspends;
}

/**
 * struct kf_published - the last pages of a vCPU; zero it to begin
 * @valid:    there was a page
 * @next:     index in @versions that is overwritten next
 * @versions: of the vCPU's pages
 * @page:     the last page
 * @epoch:    the epoch of @page
 * @stuck:    version of a page that could not be read; for the caller
 */
struct kf_published {
	bool valid;
	u8 next;
	u32 versions[KF_PAGES];
	struct kf_page page;
	struct kf_epoch epoch;
	u32 stuck;
};

/**
 * struct kf_counts - findings of the audit, and corrections
 * @updates:		 pages
 * @negative:		 KF_NEGATIVE
 * @backwards:		 KF_BACKWARDS
 * @rate_changes:	 KF_RATE_CHANGED
 * @version_violations:	 KF_VERSION
 * @stopped:		 of @backwards, KF_STOPPED, disruptions included
 * @sets:		 changes of kvmclock_offset by KVM, where the offset is known
 * @corrected:		 corrections of a clock by this module
 * @refused:		 corrections that it did not make, because the known rates do
 *			 not explain them
 * @steps:		 KF_STEPPED, by size
 */
struct kf_counts {
	u64 updates;
	u64 negative;
	u64 backwards;
	u64 rate_changes;
	u64 version_violations;
	u64 stopped;
	u64 sets;
	u64 corrected;
	u64 refused;
	u64 steps[KF_STEP_BINS];
};

/**
 * kf_audit_page() - compare a page with the page before it
 * @published: the last pages of the vCPU; @page is added
 * @page:      the page
 * @epoch:     the epoch of @page
 * @step:      the step, nanoseconds; 0 without KF_STEPPED
 *
 * A step is measured between two stable pages of one epoch.
 *
 * Return: KF_* bits.
 */
unsigned int kf_audit_page(struct kf_published *published,
			   const struct kf_page *page,
			   const struct kf_epoch *epoch, s64 *step);

/**
 * kf_counts_add_page() - count the findings of a page
 * @counts: the counts
 * @found:  KF_* bits
 * @step:   nanoseconds
 *
 * Exception: @sets, @corrected and @refused are counted by the caller.
 */
void kf_counts_add_page(struct kf_counts *counts, unsigned int found, s64 step);

/**
 * kf_audit_page_fast() - audit and count a page without findings
 * @published: the last pages of the vCPU; @page is added
 * @page:      the page
 * @epoch:     the epoch of @page
 * @counts:    where the page is counted
 *
 * The fast path of kf_audit_page() and kf_counts_add_page(): the step is 0 or 1 ns, or not
 * measured because one of the two pages is not stable, or has another TSC.  The version must
 * follow that of the vCPU's first page.
 *
 * Return: false if the page is left to kf_audit_page(); then nothing was changed.
 */
static inline bool kf_audit_page_fast(struct kf_published *published,
				      const struct kf_page *page,
				      const struct kf_epoch *epoch,
				      struct kf_counts *counts)
{
	const bool same = kf_epoch_is_same(&published->epoch, epoch);
	struct kf_page *last = &published->page;
	u64 step;

	if (published->versions[0] + 2 != page->version ||
	    ((page->version ^ last->version) & 1) || page->line.ns < 0 ||
	    !published->valid || published->epoch.sets != epoch->sets ||
	    !kf_rate_is_same(&last->line.rate, &page->line.rate))
		return false;
	if (unlikely(!last->stable || !page->stable)) {
		if (last->stable && kf_line_is_same(&last->line, &page->line))
			return false;
	} else if (likely(same)) {
		if ((s64)(page->line.tsc - last->line.tsc) < 0)
			return false;
		step = kf_line_step(&last->line, &page->line);
		if (step > 1)
			return false;
		counts->steps[step]++; /* 0 and 1 ns have a bin each */
	}
	if (unlikely(!same))
		published->epoch = *epoch;
	counts->updates++;
	published->versions[0] = page->version;
	published->page = *page;
	return true;
}

/**
 * kf_counts_add() - add counts to a sum
 * @sum:    the sum
 * @counts: the counts
 */
void kf_counts_add(struct kf_counts *sum, const struct kf_counts *counts);

/**
 * kf_step_bin_max() - upper bound of a bin
 * @bin: 0 to KF_STEP_BINS - 1
 *
 * Return: nanoseconds; S64_MAX for the last bin.
 */
s64 kf_step_bin_max(unsigned int bin);

#endif /* KVMCLOCK_FIX_AUDIT_H */
