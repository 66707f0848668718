// SPDX-License-Identifier: GPL-2.0-only
/* The audit of a pvclock page: comparison with the page before it. */
#include "audit.h"

#include <linux/compiler.h>
#include <linux/kernel.h>
#include <linux/limits.h>
#include <linux/math64.h>
#include <linux/minmax.h>
#include <linux/processor.h>
#include <linux/time64.h>

#include <asm/barrier.h>
#include <asm/pvclock-abi.h>

/* A writer needs some instructions, so this many attempts mean that it does not run. */
#define READ_TRIES 1000

bool kf_page_read(struct kf_page *page,
		  const struct pvclock_vcpu_time_info *clock)
{
	unsigned int tries;
	u32 version;

	for (tries = 0; tries < READ_TRIES; tries++) {
		version = READ_ONCE(clock->version);
		/* Read the version before the other fields, */
		virt_rmb();
		kf_page_copy(page, clock);
		/* and again after them. */
		virt_rmb();
		if (!(version & 1) && version == READ_ONCE(clock->version)) {
			page->version = version;
			return true;
		}
		cpu_relax();
	}
	return false;
}

void kf_page_describe(char *text, size_t size, const struct kf_page *page,
		      unsigned int found, s64 step)
{
	scnprintf(text, size,
		  "invalid pvclock update:%s%s%s (%lld ns, step %lld ns, version %u)",
		  found & KF_NEGATIVE ? " negative" : "",
		  found & KF_BACKWARDS ? " backwards" : "",
		  found & KF_VERSION ? " version" : "",
		  page->line.ns, step, page->version);
}

/*
 * An update increments the version by two.  A vCPU may have several pages, which are written
 * one after another, so each page is identified by its last version.  A version that
 * follows none of them is a new page, or was written by the guest.
 */
static bool is_next_version(struct kf_published *published, u32 version)
{
	unsigned int i;

	for (i = 0; i < KF_PAGES; i++) {
		if (published->versions[i] + 2 == version) {
			published->versions[i] = version;
			return true;
		}
	}
	published->versions[published->next] = version;
	published->next = (published->next + 1) % KF_PAGES;
	return false;
}

/*
 * At the same point of an update, all versions are odd or all are even.  Readers take two
 * different pages with one version for the same page.
 */
static bool is_version_bad(struct kf_published *published,
			   const struct kf_page *page)
{
	const struct kf_page *last = &published->page;
	unsigned int i;
	bool follows;

	if (!published->valid) {
		for (i = 0; i < KF_PAGES; i++)
			published->versions[i] = page->version;
		return false;
	}
	follows = is_next_version(published, page->version);
	if ((page->version ^ last->version) & 1)
		return true;
	return !follows && page->version == last->version &&
	       !kf_line_is_same(&page->line, &last->line);
}

/* May the step from @last to @page be measured? */
static bool is_comparable(const struct kf_page *last,
			  const struct kf_page *page)
{
	return last->stable && page->stable &&
	       (s64)(page->line.tsc - last->line.tsc) >= 0;
}

unsigned int kf_audit_page(struct kf_published *published,
			   const struct kf_page *page,
			   const struct kf_epoch *epoch, s64 *step)
{
	const struct kf_page *last = &published->page;
	bool valid = published->valid;
	unsigned int found = 0;

	*step = 0;
	if (page->line.ns < 0)
		found |= KF_NEGATIVE;
	if (is_version_bad(published, page))
		found |= KF_VERSION;
	if (valid && !kf_rate_is_same(&last->line.rate, &page->line.rate))
		found |= KF_RATE_CHANGED;
	if (valid && published->epoch.sets != epoch->sets)
		found |= KF_SET;
	if (valid && is_comparable(last, page) &&
	    kf_epoch_is_same(&published->epoch, epoch)) {
		found |= KF_STEPPED;
		*step = kf_line_step(&last->line, &page->line);
		if (*step < 0)
			found |= KF_BACKWARDS;
	}
	/* The same line again in an unstable page, as Xen's may be: keep the stable one. */
	if (valid && last->stable && !page->stable &&
	    kf_line_is_same(&last->line, &page->line))
		published->page.version = page->version;
	else
		published->page = *page;
	published->valid = true;
	published->epoch = *epoch;
	return found;
}

bool kf_reading_ppb(const struct kf_reading *first,
		    const struct kf_reading *last, s64 *ppb)
{
	s64 elapsed = last->reference - first->reference;
	s64 gain = last->ns - first->ns - elapsed;

	if (elapsed < KF_READING_NS)
		return false;
	/* In microseconds, so that a gain of hours does not overflow. */
	*ppb = div64_s64(gain * 1000000, div_s64(elapsed, 1000));
	return true;
}

static const s64 bin_max[KF_STEP_BINS] = {
	0, 1, 10, 100, 1000, 10000, 100000, 1000000, 10000000, 100000000,
	1000000000, S64_MAX
};

s64 kf_step_bin_max(unsigned int bin)
{
	return bin_max[min(bin, KF_STEP_BINS - 1U)];
}

static unsigned int step_bin(s64 step)
{
	u64 size = step < 0 ? -(u64)step : step;
	unsigned int bin = 0;

	while (bin < KF_STEP_BINS - 1 && size > bin_max[bin])
		bin++;
	return bin;
}

void kf_counts_add_page(struct kf_counts *counts, unsigned int found, s64 step)
{
	counts->updates++;
	if (found & KF_STEPPED)
		counts->steps[step_bin(step)]++;
	if (likely(!(found & ~KF_STEPPED)))
		return;
	counts->negative += !!(found & KF_NEGATIVE);
	counts->backwards += !!(found & KF_BACKWARDS);
	counts->rate_changes += !!(found & KF_RATE_CHANGED);
	counts->version_violations += !!(found & KF_VERSION);
	counts->stopped += !!(found & KF_STOPPED);
}

void kf_counts_add(struct kf_counts *sum, const struct kf_counts *counts)
{
	unsigned int bin;

	sum->updates += counts->updates;
	sum->negative += counts->negative;
	sum->backwards += counts->backwards;
	sum->rate_changes += counts->rate_changes;
	sum->version_violations += counts->version_violations;
	sum->stopped += counts->stopped;
	sum->sets += counts->sets;
	sum->corrected += counts->corrected;
	sum->refused += counts->refused;
	for (bin = 0; bin < KF_STEP_BINS; bin++)
		sum->steps[bin] += counts->steps[bin];
}
