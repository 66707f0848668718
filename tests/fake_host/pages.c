// SPDX-License-Identifier: GPL-2.0-only
/* The pages that the host has: inflated, deflated, reported or hinted. */
#include "pages.h"

#include <linux/io.h>
#include <linux/mm.h>
#include <linux/mmzone.h>
#include <linux/nodemask.h>
#include <linux/sched.h>
#include <linux/vmalloc.h>

#include "fake_host.h"

#define PAGE_WORDS (FH_PAGE_SIZE / sizeof(u64))

/* By page number: enum fh_hold.  fh.lock */
static u8 *holds;
static unsigned long end_pfn;
static u32 counts[FH_HOLDS];

static const char *const hold_names[FH_HOLDS] = {
	"free", "inflated", "deflated", "reported", "hinted"
};

int fh_pages_init(void)
{
	int nid;

	for_each_online_node(nid)
		end_pfn = max(end_pfn, node_end_pfn(nid) * FH_PAGES_PER_PAGE);
	holds = vzalloc(end_pfn);
	return holds ? 0 : -ENOMEM;
}

void fh_pages_exit(void)
{
	vfree(holds);
}

u32 fh_pages_count(enum fh_hold how)
{
	return READ_ONCE(counts[how]);
}

bool fh_memory_has(u64 addr, u32 len)
{
	u64 last = addr + len - 1;

	return len && PHYS_PFN(last) < end_pfn && pfn_valid(PHYS_PFN(addr)) &&
	       pfn_valid(PHYS_PFN(last));
}

static u64 *page_words(unsigned long pfn)
{
	return phys_to_virt((u64)pfn << VIRTIO_BALLOON_PFN_SHIFT);
}

/* With PAGE_POISON the host leaves reported pages with the poison value. */
static u64 pattern(unsigned long pfn, enum fh_hold how)
{
	u64 poison = le32_to_cpu(fh.config.poison_val);

	if (how == FH_REPORTED && fh_has(VIRTIO_BALLOON_F_PAGE_POISON))
		return poison << 32 | poison;
	return (pfn + 1) * 0x9e3779b97f4a7c15ULL;
}

/* Blocks are large, so check one word in every 512 bytes. */
static unsigned int pattern_step(enum fh_hold how)
{
	return how == FH_REPORTED || how == FH_HINTED ? 64 : 1;
}

static bool words_are(unsigned long pfn, u64 word, unsigned int step)
{
	const u64 *words = page_words(pfn);
	unsigned int i;

	for (i = 0; i < PAGE_WORDS; i += step)
		if (READ_ONCE(words[i]) != word)
			return false;
	return true;
}

bool fh_page_is(unsigned long pfn, u64 word)
{
	return words_are(pfn, word, 1);
}

static void page_fill(unsigned long pfn, enum fh_hold how)
{
	unsigned int i, step = pattern_step(how);
	u64 word = pattern(pfn, how);
	u64 *words = page_words(pfn);

	for (i = 0; i < PAGE_WORDS; i += step)
		WRITE_ONCE(words[i], word);
}

/*
 * A page of the balloon or of a hint is allocated by the driver.  A reported page is
 * neither in use nor on a free list.
 */
static void page_verify_owner(unsigned long pfn, enum fh_hold how)
{
	struct page *page = pfn_to_page(pfn / FH_PAGES_PER_PAGE);
	int refs = page_ref_count(page);

	if (how == FH_REPORTED && (refs || PageBuddy(page)))
		fh_violation("page %#lx is reported and in use (%d references%s)",
			     pfn, refs, PageBuddy(page) ? ", on a free list" : "");
	/* Tail pages of a hinted block have no references. */
	if ((how == FH_IN_BALLOON || how == FH_LEAVING) && refs < 1)
		fh_violation("page %#lx is %s and was freed", pfn,
			     hold_names[how]);
	if (how == FH_HINTED && PageBuddy(page))
		fh_violation("page %#lx is hinted and was freed", pfn);
}

static void page_verify(unsigned long pfn, enum fh_hold how)
{
	page_verify_owner(pfn, how);
	if (!fh.touch || fh.gone)
		return;
	if (!words_are(pfn, pattern(pfn, how), pattern_step(how)))
		fh_violation("page %#lx was written while it was %s", pfn,
			     hold_names[how]);
}

static void page_take(unsigned long pfn, enum fh_hold how)
{
	if (pfn >= end_pfn || !pfn_valid(pfn / FH_PAGES_PER_PAGE)) {
		fh_violation("page %#lx was %s and does not exist", pfn,
			     hold_names[how]);
		return;
	}
	if (holds[pfn]) {
		fh_violation("page %#lx was %s and the host has it, %s", pfn,
			     hold_names[how], hold_names[holds[pfn]]);
		return;
	}
	holds[pfn] = how;
	counts[how]++;
	page_verify_owner(pfn, how);
	if (fh.touch)
		page_fill(pfn, how);
}

void fh_pages_take(unsigned long pfn, unsigned long n, enum fh_hold how)
{
	for (; n; n--)
		page_take(pfn++, how);
}

void fh_page_stays(unsigned long pfn)
{
	if (pfn < end_pfn && holds[pfn] == FH_IN_BALLOON)
		page_verify(pfn, FH_IN_BALLOON);
}

void fh_page_leaves(unsigned long pfn)
{
	if (pfn >= end_pfn || holds[pfn] != FH_IN_BALLOON) {
		fh_violation("page %#lx was deflated and is not in the balloon",
			     pfn);
		return;
	}
	page_verify(pfn, FH_IN_BALLOON);
	holds[pfn] = FH_LEAVING;
	counts[FH_IN_BALLOON]--;
	counts[FH_LEAVING]++;
}

void fh_pages_give(unsigned long pfn, unsigned long n, enum fh_hold how)
{
	for (; n; n--, pfn++) {
		if (pfn >= end_pfn || holds[pfn] != how)
			continue;	/* its violation is already logged */
		page_verify(pfn, how);
		holds[pfn] = FH_NONE;
		counts[how]--;
	}
}

void fh_pages_verify(void)
{
	unsigned long pfn;

	for (pfn = 0; pfn < end_pfn; pfn++) {
		if (holds[pfn])
			page_verify(pfn, holds[pfn]);
		if (!(pfn % 4096))
			cond_resched();
	}
}

void fh_pages_drop(void)
{
	memset(holds, 0, end_pfn);
	memset(counts, 0, sizeof(counts));
}

void fh_pages_forget(void)
{
	fh_pages_verify();
	fh_pages_drop();
}
