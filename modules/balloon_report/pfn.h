/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Pages of the guest and pages of the device.
 *
 * The device counts pages of 4 KiB, whatever the guest's page size.  So a page of the
 * guest has several page numbers in a row.  The driver counts its own pages, and
 * converts what it exchanges with the device and what it shows.
 */
#ifndef BALLOON_REPORT_PFN_H
#define BALLOON_REPORT_PFN_H

#include <linux/build_bug.h>
#include <linux/kernel.h>
#include <linux/mm.h>
#include <linux/types.h>
#include <linux/virtio_balloon.h>

static_assert(PAGE_SHIFT >= VIRTIO_BALLOON_PFN_SHIFT);

/* Pages of the device in a page of the guest: 1, 4 or 16. */
#define BR_PFNS_PER_PAGE (1U << (PAGE_SHIFT - VIRTIO_BALLOON_PFN_SHIFT))

/**
 * br_pages_from_device() - convert a size that the device asks for
 * @pfns: pages of the device
 *
 * Return: pages of the guest.  A part of one counts as a page, so that the balloon has
 * at least the size that the device asks for.
 */
static inline unsigned int br_pages_from_device(u32 pfns)
{
	return DIV_ROUND_UP_ULL(pfns, BR_PFNS_PER_PAGE);
}

/* Pages of the guest to pages of the device. */
static inline u64 br_pages_to_device(u64 pages)
{
	return pages * BR_PFNS_PER_PAGE;
}

#endif /* BALLOON_REPORT_PFN_H */
