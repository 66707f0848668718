// SPDX-License-Identifier: GPL-2.0-only
/* What is wrong with a clock page, from the page and the one before it. */
#include "audit.h"

#include <linux/limits.h>

static bool line_same(const struct kf_line *a, const struct kf_line *b)
{
	return a->tsc == b->tsc && a->ns == b->ns &&
	       kf_rate_same(&a->rate, &b->rate);
}

static bool epoch_same(const struct kf_epoch *a, const struct kf_epoch *b)
{
	return a->sets == b->sets && a->tsc_offset == b->tsc_offset &&
	       a->sleeps == b->sleeps;
}

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
	       !line_same(&page->line, &last->line);
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
	    epoch_same(&seen->epoch, epoch) &&
	    (s64)(page->line.tsc - last->line.tsc) >= 0) {
		found |= KF_STEPPED;
		*step = kf_line_step(&last->line, &page->line);
		if (*step < 0)
			found |= KF_BACKWARDS;
	}
	seen->any = true;
	seen->page = *page;
	seen->epoch = *epoch;
	return found;
}

s64 kf_step_border(unsigned int bin)
{
	s64 border = 1;

	if (!bin)
		return 0;
	if (bin >= KF_STEP_BINS - 1)
		return S64_MAX;
	while (--bin)
		border *= 10;
	return border;
}

static unsigned int step_bin(s64 step)
{
	u64 size = step < 0 ? -(u64)step : step;
	unsigned int bin = 0;

	while (bin < KF_STEP_BINS - 1 && size > kf_step_border(bin))
		bin++;
	return bin;
}

void kf_count(struct kf_counts *counts, unsigned int found, s64 step)
{
	counts->updates++;
	counts->negative += !!(found & KF_NEGATIVE);
	counts->backwards += !!(found & KF_BACKWARDS);
	counts->rate_changes += !!(found & KF_RATE_CHANGED);
	counts->version_violations += !!(found & KF_VERSION);
	if (found & KF_STEPPED)
		counts->steps[step_bin(step)]++;
}
