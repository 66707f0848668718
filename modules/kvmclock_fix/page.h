/* SPDX-License-Identifier: GPL-2.0-only */
/* Clock pages as KVM and its guests have them, read for audit.h. */
#ifndef KVMCLOCK_FIX_PAGE_H
#define KVMCLOCK_FIX_PAGE_H

#include "audit.h"

struct pvclock_vcpu_time_info;

/**
 * kf_page_copy() - take over a page that nobody writes
 * @page:  what to fill
 * @clock: the page
 */
void kf_page_copy(struct kf_page *page,
		  const struct pvclock_vcpu_time_info *clock);

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

#endif /* KVMCLOCK_FIX_PAGE_H */
