// SPDX-License-Identifier: GPL-2.0-only
/* What is wrong with a clock page, from the page and the one before it. */
#include "audit.h"

#include <linux/compiler.h>
#include <linux/limits.h>
#include <linux/minmax.h>

/*
 * A version goes on by two each time.  A vCPU may have several pages, which are
 * written one after another: each is known by its last version.  One that follows
 * none of them is new, or was written by the guest.
 */
static bool version_follows(struct kf_seen *seen, u32 version)
{
	unsigned int i;

	for (i = 0; i < KF_PAGES; i++) {
		if (seen->versions[i] + 2 == version) {
			seen->versions[i] = version;
			return true;
		}
	}
	seen->versions[seen->next] = version;
	seen->next = (seen->next + 1) % KF_PAGES;
	return false;
}

/*
 * Seen from the same point of an update, versions are all odd or all even.  What
 * differs under the same version as before, a reader takes for the same.
 */
static bool version_bad(struct kf_seen *seen, const struct kf_page *page)
{
	const struct kf_page *last = &seen->page;
	unsigned int i;
	bool follows;

	if (!seen->any) {
		for (i = 0; i < KF_PAGES; i++)
			seen->versions[i] = page->version;
		return false;
	}
	follows = version_follows(seen, page->version);
	if ((page->version ^ last->version) & 1)
		return true;
	return !follows && page->version == last->version &&
	       !kf_line_same(&page->line, &last->line);
}

unsigned int kf_audit(struct kf_seen *seen, const struct kf_page *page,
		      const struct kf_epoch *epoch, s64 *step)
{
	const struct kf_page *last = &seen->page;
	unsigned int found = 0;

	*step = 0;
	if (page->line.ns < 0)
		found |= KF_NEGATIVE;
	if (version_bad(seen, page))
		found |= KF_VERSION;
	if (seen->any && !kf_rate_same(&last->line.rate, &page->line.rate))
		found |= KF_RATE_CHANGED;
	if (seen->any && seen->epoch.sets != epoch->sets)
		found |= KF_SET;
	if (seen->any && last->stable && page->stable &&
	    kf_epoch_same(&seen->epoch, epoch) &&
	    (s64)(page->line.tsc - last->line.tsc) >= 0) {
		found |= KF_STEPPED;
		*step = kf_line_step(&last->line, &page->line);
		if (*step < 0)
			found |= KF_BACKWARDS;
	}
	/* Once more, in a page that is not called stable, as Xen's may be. */
	if (seen->any && last->stable && !page->stable &&
	    kf_line_same(&last->line, &page->line))
		seen->page.version = page->version;
	else
		seen->page = *page;
	seen->any = true;
	seen->epoch = *epoch;
	return found;
}

static const s64 borders[KF_STEP_BINS] = {
	0, 1, 10, 100, 1000, 10000, 100000, 1000000, 10000000, 100000000,
	1000000000, S64_MAX
};

s64 kf_step_border(unsigned int bin)
{
	return borders[min(bin, KF_STEP_BINS - 1U)];
}

static unsigned int step_bin(s64 step)
{
	u64 size = step < 0 ? -(u64)step : step;
	unsigned int bin = 0;

	while (bin < KF_STEP_BINS - 1 && size > borders[bin])
		bin++;
	return bin;
}

void kf_count(struct kf_counts *counts, unsigned int found, s64 step)
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
}

void kf_counts_add(struct kf_counts *sum, const struct kf_counts *counts)
{
	unsigned int bin;

	sum->updates += counts->updates;
	sum->negative += counts->negative;
	sum->backwards += counts->backwards;
	sum->rate_changes += counts->rate_changes;
	sum->version_violations += counts->version_violations;
	sum->sets += counts->sets;
	sum->corrected += counts->corrected;
	for (bin = 0; bin < KF_STEP_BINS; bin++)
		sum->steps[bin] += counts->steps[bin];
}
