/* SPDX-License-Identifier: GPL-2.0-only */
/* Clock pages as KVM and its guests have them, read for audit.h. */
#ifndef KVMCLOCK_FIX_PAGE_H
#define KVMCLOCK_FIX_PAGE_H

#include <linux/compiler.h>

#include <asm/pvclock-abi.h>

#include "audit.h"

/**
 * kf_page_copy() - take over a page that nobody writes
 * @page:  what to fill
 * @clock: the page
 */
static inline void kf_page_copy(struct kf_page *page,
				const struct pvclock_vcpu_time_info *clock)
{
	page->version = READ_ONCE(clock->version);
	page->line.tsc = READ_ONCE(clock->tsc_timestamp);
	page->line.ns = READ_ONCE(clock->system_time);
	page->line.rate.mul = READ_ONCE(clock->tsc_to_system_mul);
	page->line.rate.shift = READ_ONCE(clock->tsc_shift);
	page->stable = READ_ONCE(clock->flags) & PVCLOCK_TSC_STABLE_BIT;
}

/**
 * kf_page_read() - read a page that its host may write at any moment
 * @page:  what to fill
 * @clock: the page
 *
 * Return: false when it never stopped being written; then @page may be of two
 * pieces.
 */
bool kf_page_read(struct kf_page *page,
		  const struct pvclock_vcpu_time_info *clock);

/* Room for what kf_page_wrong() says. */
#define KF_WRONG_LENGTH 128

/**
 * kf_page_wrong() - words for the log
 * @text:  where to; cut at @size
 * @size:  KF_WRONG_LENGTH or more
 * @page:  the page
 * @found: what kf_audit() found of it
 * @step:  the step that it found
 *
 * Context: any.
 */
void kf_page_wrong(char *text, size_t size, const struct kf_page *page,
		   unsigned int found, s64 step);

#endif /* KVMCLOCK_FIX_PAGE_H */
