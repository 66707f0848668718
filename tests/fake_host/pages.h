/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The pages that the host has: of 4 KiB, whatever the guest's page size.
 *
 * Their contents are undefined meanwhile.  So the host writes a pattern into them, and
 * checks later that neither the driver nor a program has written there.
 */
#ifndef FAKE_HOST_PAGES_H
#define FAKE_HOST_PAGES_H

#include <linux/mm.h>
#include <linux/types.h>
#include <linux/virtio_balloon.h>

#define FH_PAGE_SIZE BIT(VIRTIO_BALLOON_PFN_SHIFT)
/* Pages of the host in a page of the guest. */
#define FH_PAGES_PER_PAGE (PAGE_SIZE / FH_PAGE_SIZE)

/* The number of the page at an address, and pages in so many bytes. */
static inline unsigned long fh_pages(u64 bytes)
{
	return bytes >> VIRTIO_BALLOON_PFN_SHIFT;
}

/* Why the host has a page. */
enum fh_hold {
	FH_NONE,
	FH_IN_BALLOON,
	FH_LEAVING,	/* deflated, not yet acknowledged */
	FH_REPORTED,
	FH_HINTED,
	FH_HOLDS
};

/* Context: process.  Return: 0 or -ENOMEM. */
int fh_pages_init(void);
void fh_pages_exit(void);

/**
 * fh_pages_take() - pages are inflated, reported or hinted
 * @pfn: the first page
 * @n:	 number of pages
 * @how: FH_IN_BALLOON, FH_REPORTED or FH_HINTED
 *
 * Logs a violation for each page that the host has already.  Context: process, fh.lock
 * held.
 */
void fh_pages_take(unsigned long pfn, unsigned long n, enum fh_hold how);

/* Log a violation if a page of the balloon was used.  fh.lock held. */
void fh_page_stays(unsigned long pfn);

/**
 * fh_page_leaves() - a page of the balloon is deflated
 * @pfn: the page
 *
 * The host has it until fh_pages_give().  Context: process, fh.lock held.
 */
void fh_page_leaves(unsigned long pfn);

/**
 * fh_pages_give() - the host acknowledges pages and no longer has them
 * @pfn: the first page
 * @n:	 number of pages
 * @how: why the host had them
 *
 * Logs a violation for each page that was used meanwhile.
 * Context: process, fh.lock held.
 */
void fh_pages_give(unsigned long pfn, unsigned long n, enum fh_hold how);

/* Log a violation for every page that was used.  fh.lock held. */
void fh_pages_verify(void);

/* Forget all pages, unchecked.  fh.lock held. */
void fh_pages_drop(void);

/* Verify, then forget all pages at once.  fh.lock held. */
void fh_pages_forget(void);

/* Number of pages that the host has in this way.  Context: any. */
u32 fh_pages_count(enum fh_hold how);

/* Does every word of a page have this value?  Context: any. */
bool fh_page_is(unsigned long pfn, u64 word);

/* Is this the address of memory?  Context: any. */
bool fh_memory_has(u64 addr, u32 len);

#endif /* FAKE_HOST_PAGES_H */
