/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The pages that the host has.
 *
 * What is in them is undefined while it has them, so it writes a pattern of its
 * own and looks later whether anybody else wrote.
 */
#ifndef FAKE_HOST_PAGES_H
#define FAKE_HOST_PAGES_H

#include <linux/types.h>

/* How the host came by a page. */
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
 * fh_pages_take() - the host gets pages
 * @pfn: the first one
 * @n:	 how many
 * @how: FH_IN_BALLOON, FH_REPORTED or FH_HINTED
 *
 * Complains about those that it has already.  Context: process, fh.lock held.
 */
void fh_pages_take(unsigned long pfn, unsigned long n, enum fh_hold how);

/* Complain if somebody used a page of the balloon.  fh.lock held. */
void fh_page_stays(unsigned long pfn);

/**
 * fh_page_leaves() - a page of the balloon is deflated
 * @pfn: the page
 *
 * Stays the host's until fh_pages_give().  Context: process, fh.lock held.
 */
void fh_page_leaves(unsigned long pfn);

/**
 * fh_pages_give() - the host acknowledges, and so gives pages back
 * @pfn: the first one
 * @n:	 how many
 * @how: as what they were held
 *
 * Complains about those that somebody used meanwhile.
 * Context: process, fh.lock held.
 */
void fh_pages_give(unsigned long pfn, unsigned long n, enum fh_hold how);

/* Complain about every page that somebody used.  fh.lock held. */
void fh_pages_verify(void);

/* Verify, then give everything back at once.  fh.lock held. */
void fh_pages_forget(void);

/* How many pages are held so.  Context: any. */
u32 fh_pages_count(enum fh_hold how);

/* Does every word of a page have this value?  Context: any. */
bool fh_page_is(unsigned long pfn, u64 word);

#endif /* FAKE_HOST_PAGES_H */
