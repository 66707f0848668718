// SPDX-License-Identifier: GPL-2.0-only
/* Free page reporting. */
#include <linux/log2.h>
#include <linux/memory.h>
#include <linux/mm.h>
#include <linux/virtio_config.h>

#include "fake_host.h"
#include "pages.h"

/* With PAGE_POISON every page holds that value when it is reported. */
static void report_check_poison(unsigned long pfn, unsigned long n)
{
	u64 poison = le32_to_cpu(fh.config.poison_val);

	if (!fh_has(VIRTIO_BALLOON_F_PAGE_POISON))
		return;
	for (; n; n--, pfn++)
		if (!fh_page_is(pfn, poison << 32 | poison))
			fh_violation("page %#lx is reported without the poison",
				     pfn);
}

/*
 * A host may have a region per memory block, and discard only the part of a range in its
 * first region.  Two ranges that meet at the end of a block are counted.
 */
static void report_check_regions(const struct fh_buffer *buf)
{
	unsigned long block = memory_block_size_bytes();
	unsigned int i;

	for (i = 0; i < buf->n; i++) {
		u64 start = buf->sg[i].addr, end = start + buf->sg[i].len;

		if (buf->sg[i].len && start / block != (end - 1) / block)
			fh_violation("report: %#llx to %#llx crosses a memory block",
				     start, end);
		if (i + 1 < buf->n && end == buf->sg[i + 1].addr &&
		    !(end % block))
			fh.report_cuts++;
	}
}

void fh_took_report(struct fh_queue *q, const struct fh_buffer *buf)
{
	unsigned int i;

	lockdep_assert_held(&fh.lock);
	if (buf->out)
		fh_violation("report: %llu bytes that the host may not write",
			     buf->out);
	report_check_regions(buf);
	for (i = 0; i < buf->n; i++) {
		unsigned long pfn = fh_pages(buf->sg[i].addr);
		unsigned long n = fh_pages(buf->sg[i].len);

		if (!n || offset_in_page(buf->sg[i].addr) ||
		    offset_in_page(buf->sg[i].len))
			fh_violation("report: %u bytes at %#llx are no pages",
				     buf->sg[i].len, buf->sg[i].addr);
		else
			fh.report_sizes[ilog2(n)]++;
		report_check_poison(pfn, n);
		fh_pages_take(pfn, n, FH_REPORTED);
	}
}

void fh_gives_report(struct fh_queue *q, const struct fh_buffer *buf)
{
	unsigned int i;

	lockdep_assert_held(&fh.lock);
	for (i = 0; i < buf->n; i++)
		fh_pages_give(fh_pages(buf->sg[i].addr),
			      fh_pages(buf->sg[i].len), FH_REPORTED);
}
