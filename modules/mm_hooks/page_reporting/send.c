// SPDX-License-Identifier: GPL-2.0-only
/*
 * Report the blocks of a pass without the memory that the host has discarded already.
 *
 * Memory that came back from the balloon has a bit for each page (discarded.c), which is
 * cleared here.  From then on the kernel's reported flag stands for it.  But a free block
 * loses that flag when its buddy becomes free.  While a balloon deflates, that happens to
 * the last block of each pass.  So the last blocks that were left out are kept for a second.
 */
#include "send.h"

#include <linux/atomic.h>
#include <linux/errno.h>
#include <linux/jiffies.h>
#include <linux/minmax.h>
#include <linux/mm.h>
#include <linux/page_reporting.h>
#include <linux/scatterlist.h>

#include "../discarded.h"
#include "../pace/pacer.h"
#include "../report.h"

/* Discarded memory is left out by the 64 KiB (with 4 KiB pages). */
#define SEND_PIECE_ORDER 4
/* How many blocks are kept, and for how long. */
#define SEND_RECENT 16
#define SEND_RECENT_TIME HZ

/**
 * struct send_recent - a block of which discarded memory was left out
 * @pfn:   its first page frame
 * @pages: its size; 0 if there is none
 * @since: when, in jiffies
 */
struct send_recent {
	unsigned long pfn;
	unsigned long pages;
	unsigned long since;
};

/**
 * struct send_left - what is to be reported
 * @sg:    what is not submitted yet
 * @nents: entries of it
 * @bytes: in all
 * @known: bytes that count as reported already
 */
struct send_left {
	struct scatterlist sg[PAGE_REPORTING_CAPACITY];
	unsigned int nents;
	u64 bytes;
	u64 known;
};

/* The pass's, except for forgotten. */
static struct mmh_slot slot;	/* one report is in flight at a time */
static struct send_recent recent[SEND_RECENT];
static unsigned int recent_next;
static bool forgotten;	/* the recent blocks are unreported: set in any process */

void mmh_send_start(void)
{
	mmh_slot_register(&slot);
	mmh_send_forget();
}

void mmh_send_forget(void)
{
	WRITE_ONCE(forgotten, true);
}

static void recent_add(unsigned long pfn, unsigned long pages)
{
	recent[recent_next] = (struct send_recent){
		.pfn = pfn, .pages = pages, .since = jiffies };
	recent_next = (recent_next + 1) % SEND_RECENT;
}

static void recent_expire(void)
{
	bool all = xchg(&forgotten, false);
	struct send_recent *r;

	for (r = recent; r < recent + SEND_RECENT; r++)
		if (all || time_after(jiffies, r->since + SEND_RECENT_TIME))
			r->pages = 0;
}

static bool recent_has(unsigned long pfn)
{
	const struct send_recent *r;

	for (r = recent; r < recent + SEND_RECENT; r++)
		if (pfn - r->pfn < r->pages)
			return true;
	return false;
}

static int send_one(void)
{
	int err = mmh_slot_submit(&slot);

	while (!err && mmh_slot_state(&slot) != MMH_SLOT_COMPLETED)
		mmh_reports_wait();
	err = mmh_slot_account(&slot);
	mmh_slot_set_state(&slot, MMH_SLOT_IDLE);
	return err;
}

/* In reports of the reporter's capacity.  Return: 0 or the first error. */
static int send_all(struct scatterlist *sg, unsigned int nents)
{
	int err = 0;

	while (!err && nents) {
		if (mmh_reports_are_stopped())
			return -ESHUTDOWN;
		mmh_slot_open(&slot);
		for (; nents && !mmh_slot_is_full(&slot); nents--, sg = sg_next(sg))
			mmh_slot_add(&slot, page_to_pfn(sg_page(sg)),
				     sg->length >> PAGE_SHIFT);
		err = send_one();
	}
	return err;
}

static int left_send(struct send_left *left)
{
	unsigned int nents = left->nents;

	left->nents = 0;
	return send_all(left->sg, nents);
}

static int left_add(struct send_left *left, unsigned long pfn, unsigned long pages)
{
	unsigned int bytes = pages << PAGE_SHIFT;

	if (!left->nents)
		sg_init_table(left->sg, PAGE_REPORTING_CAPACITY);
	sg_set_page(&left->sg[left->nents++], pfn_to_page(pfn), bytes, 0);
	left->bytes += bytes;
	return left->nents == PAGE_REPORTING_CAPACITY ? left_send(left) : 0;
}

/* Has the host discarded a piece of a block? */
static bool left_spares(struct send_left *left, unsigned long pfn, unsigned int order)
{
	if (mmh_discarded_spare(pfn, order))
		return true;
	if (!recent_has(pfn))
		return false;
	left->known += PAGE_SIZE << order;
	return true;
}

/* The pieces of a block that the host has not discarded. */
static int left_add_block(struct send_left *left, struct scatterlist *block)
{
	unsigned int order = min(SEND_PIECE_ORDER, get_order(block->length));
	unsigned long start = page_to_pfn(sg_page(block)), piece = 1UL << order;
	unsigned long end = start + (block->length >> PAGE_SHIFT);
	unsigned long pfn, first = start;
	bool spared = false;
	int err = 0;

	for (pfn = start; !err && pfn < end; pfn += piece) {
		if (!left_spares(left, pfn, order))
			continue;
		spared = true;
		if (first < pfn)
			err = left_add(left, first, pfn - first);
		first = pfn + piece;
	}
	if (!err && first < end)
		err = left_add(left, first, end - first);
	if (spared)
		recent_add(start, end - start);
	return err;
}

int mmh_send_blocks(struct scatterlist *sg, unsigned int nents, u64 bytes)
{
	static struct send_left left;
	struct scatterlist *s;
	unsigned int i;
	int err = 0;

	recent_expire();
	left.nents = 0;
	left.bytes = 0;
	left.known = 0;
	for_each_sg(sg, s, nents, i)
		err = err ?: left_add_block(&left, s);
	err = err ?: left_send(&left);
	if (!err)
		mmh_pacer_discarded(bytes - left.bytes - left.known);
	if (left.bytes)
		mmh_pacer_reported(left.bytes, mmh_blocks_are_small(sg, nents), err);
	return err;
}
