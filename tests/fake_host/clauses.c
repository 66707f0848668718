// SPDX-License-Identifier: GPL-2.0-only
/* Clauses of the specification: features, inflation, statistics. */
#include <linux/io.h>
#include <linux/jiffies.h>
#include <linux/string.h>
#include <linux/virtio_config.h>

#include "fake_host.h"
#include "pages.h"

/* Hosts disagree on the meaning of these bits, so no driver should accept them. */
#define UNCLEAR (BIT_ULL(6) | BIT_ULL(7))

/* Declining one of these renumbers the queues or breaks a promise. */
static const unsigned int wanted[] = {
	VIRTIO_BALLOON_F_MUST_TELL_HOST,
	VIRTIO_BALLOON_F_STATS_VQ,
	VIRTIO_BALLOON_F_FREE_PAGE_HINT,
};

void fh_check_features(void)
{
	unsigned int i;

	lockdep_assert_held(&fh.lock);
	if (fh.accepted & ~fh.features)
		fh_violation("features %#llx were accepted and not offered",
			     fh.accepted & ~fh.features);
	if (fh.accepted & UNCLEAR)
		fh_violation("features %#llx were accepted",
			     fh.accepted & UNCLEAR);
	for (i = 0; i < ARRAY_SIZE(wanted); i++)
		if (fh.features & BIT_ULL(wanted[i]) && !fh_has(wanted[i]))
			fh_violation("feature %u was offered and declined",
				     wanted[i]);
}

void fh_check_ready(void)
{
	lockdep_assert_held(&fh.lock);
	fh_check_features();
	if (fh_has(VIRTIO_BALLOON_F_PAGE_POISON) && fh.poison_writes != 1)
		fh_violation("poison_val was written %u times before DRIVER_OK",
			     fh.poison_writes);
}

/*
 * The driver must have updated "actual" within a second after the last inflation or
 * deflation, after resume, and after a reset.
 */
void fh_check_actual(void)
{
	u32 actual = le32_to_cpu(fh.config.actual);
	u32 count = fh_pages_count(FH_IN_BALLOON);

	lockdep_assert_held(&fh.lock);
	if (fh.gone || fh.ignored || time_before(jiffies, fh.resized + HZ))
		return;
	if (fh_live() && (!fh_ring_empty(&fh.q[FH_INFLATE]) ||
			  !fh_ring_empty(&fh.q[FH_DEFLATE])))
		return;
	if (actual != count)
		fh_violation("actual is %u and the balloon has %u pages",
			     actual, count);
}

static u32 pfn_at(const struct fh_buffer *buf, unsigned int i)
{
	const __virtio32 *pfns = phys_to_virt(buf->sg[0].addr);

	return virtio32_to_cpu(&fh.vdev, pfns[i]);
}

static unsigned int pfns_in(const struct fh_buffer *buf)
{
	return buf->sg[0].len / sizeof(__virtio32);
}

/*
 * Without DEFLATE_ON_OOM the balloon may not shrink below num_pages.  Exception:
 * compaction migrates a page.  It inflates a new page alone, then deflates the old page
 * alone.
 */
static void deflate_invited(unsigned int n)
{
	lockdep_assert_held(&fh.lock);
	if (n == FH_PAGES_PER_PAGE && fh.exchange)
		return;
	if (fh_pages_count(FH_IN_BALLOON) < le32_to_cpu(fh.config.num_pages))
		fh.uninvited += n;
}

void fh_took_pfns(struct fh_queue *q, const struct fh_buffer *buf)
{
	bool inflate = q == &fh.q[FH_INFLATE];
	unsigned int i;

	lockdep_assert_held(&fh.lock);
	if (buf->n != 1 || buf->in || !buf->out ||
	    buf->out % sizeof(__virtio32)) {
		fh_violation("%s: %llu bytes in %u descriptors are no page numbers",
			     q->name, buf->out + buf->in, buf->n);
		return;
	}
	for (i = 0; i < pfns_in(buf); i++) {
		if (inflate)
			fh_pages_take(pfn_at(buf, i), 1, FH_IN_BALLOON);
		else
			fh_page_leaves(pfn_at(buf, i));
	}
	if (!inflate)
		deflate_invited(pfns_in(buf));
	fh.exchange = inflate && pfns_in(buf) == FH_PAGES_PER_PAGE;
}

/* Inflated pages stay, and must be unmodified until now. */
void fh_gives_pfns(struct fh_queue *q, const struct fh_buffer *buf)
{
	unsigned int i;

	lockdep_assert_held(&fh.lock);
	fh.resized = jiffies;
	if (buf->n != 1 || buf->in)
		return;
	for (i = 0; i < pfns_in(buf); i++) {
		if (q == &fh.q[FH_INFLATE])
			fh_page_stays(pfn_at(buf, i));
		else
			fh_pages_give(pfn_at(buf, i), 1, FH_LEAVING);
	}
}

static void check_tags(u32 n)
{
	u32 i;

	lockdep_assert_held(&fh.lock);
	for (i = 0; i < n; i++) {
		u16 tag = virtio16_to_cpu(&fh.vdev, fh.stats[i].tag);

		if (!fh.stats_tags_n)
			fh.stats_tags[i] = tag;
		else if (fh.stats_tags[i] != tag)
			fh_violation("statistic %u has tag %u and had %u", i,
				     tag, fh.stats_tags[i]);
	}
	if (fh.stats_tags_n && fh.stats_tags_n != n)
		fh_violation("%u statistics after %u", n, fh.stats_tags_n);
	fh.stats_tags_n = n;
}

void fh_took_stats(struct fh_queue *q, const struct fh_buffer *buf)
{
	lockdep_assert_held(&fh.lock);
	if (fh.stats_held)
		fh_violation("a second statistics buffer");
	fh.stats_held = true;
	fh.stats_head = buf->head;
	if (buf->n != 1 || buf->in || !buf->out ||
	    buf->out % sizeof(fh.stats[0]) || buf->out > sizeof(fh.stats)) {
		fh_violation("%s: %llu bytes in %u descriptors are no statistics",
			     q->name, buf->out + buf->in, buf->n);
		return;
	}
	memcpy(fh.stats, phys_to_virt(buf->sg[0].addr), buf->out);
	fh.stats_n = buf->out / sizeof(fh.stats[0]);
	check_tags(fh.stats_n);
}
