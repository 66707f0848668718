// SPDX-License-Identifier: GPL-2.0-only
/* Decode pvclock pages and measure their steps. */
#include "page.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

static uint64_t scaled(const struct clock_page *page, uint64_t cycles)
{
	if (page->shift >= 0)
		cycles <<= page->shift;
	else
		cycles >>= -page->shift;
	return (uint64_t)(((unsigned __int128)cycles * page->mul) >> 32);
}

int64_t page_ns(const struct clock_page *page, uint64_t tsc)
{
	if (tsc < page->tsc)
		return page->ns - (int64_t)scaled(page, page->tsc - tsc);
	return page->ns + (int64_t)scaled(page, tsc - page->tsc);
}

int64_t hv_time(const struct hv_page *page, uint64_t tsc)
{
	return (int64_t)(((unsigned __int128)tsc * page->scale) >> 64) + page->offset;
}

void steps_reset(struct steps *steps, const char *name)
{
	memset(steps, 0, sizeof(*steps));
	steps->name = name;
}

static void count(struct steps *steps, int64_t step)
{
	int64_t size = step < 0 ? -step : step;
	int64_t border = 0;
	int bin = 0;

	for (; bin < STEP_BINS - 1 && size > border; bin++)
		border = border ? border * 10 : 1;
	steps->bins[bin]++;
	if (!steps->compared || step < steps->min)
		steps->min = step;
	if (!steps->compared || step > steps->max)
		steps->max = step;
	steps->compared++;
	steps->backwards += step < 0;
}

void steps_page(struct steps *steps, const struct clock_page *old, const struct clock_page *new)
{
	steps->negative += new->ns < 0;
	steps->last = new->ns;
	steps->odd += (new->version & 1) || (new->version - old->version) & 1;
	if (old->version && old->version != new->version && old->flags & new->flags & PAGE_STABLE &&
	    new->tsc >= old->tsc)
		count(steps, new->ns - page_ns(old, new->tsc));
}

void steps_hv(struct steps *steps, const struct hv_page *old, const struct hv_page *new,
	      uint64_t tsc)
{
	int64_t now = hv_time(new, tsc);

	if (!new->sequence)
		return;
	steps->negative += now < 0;
	steps->last = now * 100;
	if (old->sequence && memcmp(old, new, sizeof(*old)))
		count(steps, (now - hv_time(old, tsc)) * 100);
}

void steps_print(const struct steps *steps)
{
	int64_t border = 0;

	printf("%s compared=%" PRIu64 " min=%" PRId64 " max=%" PRId64 " negative=%" PRIu64
	       " backwards=%" PRIu64 " odd=%" PRIu64 " last=%" PRId64 "\n", steps->name,
	       steps->compared, steps->min, steps->max, steps->negative, steps->backwards,
	       steps->odd, steps->last);
	printf("%s-sizes", steps->name);
	for (int bin = 0; bin < STEP_BINS; bin++) {
		printf(" %" PRId64 "=%" PRIu64, bin == STEP_BINS - 1 ? -1 : border,
		       steps->bins[bin]);
		border = border ? border * 10 : 1;
	}
	printf("\n");
}
