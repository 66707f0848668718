// SPDX-License-Identifier: GPL-2.0-only
/*
 * Pages that a driver allocates for the device: those of the balloon and of hints.
 *
 * They are not in use.  When they are freed the device has discarded some of them, and
 * the guest has not written to them since.
 */
#include <linux/mm.h>
#include <linux/module.h>

#include <vmhooks/mm_hooks.h>

#include "discarded.h"
#include "mm.h"
#include "pace/pacer.h"
#include "registry.h"

/* Where a free writes to the page, the host backs it again. */
static bool free_writes(void)
{
	return want_init_on_free() || page_poisoning_enabled_static();
}

bool mmh_pages_taken(struct page *page, unsigned int order)
{
	bool discarded;

	mmh_pacer_driver_took((u64)PAGE_SIZE << order);
	discarded = mmh_discarded_pages_taken(page_to_pfn(page), order);
	if (want_init_on_alloc(0))
		return false;
	return discarded || mmh_engine_has_reported(page, order);
}
EXPORT_SYMBOL_GPL(mmh_pages_taken);

void mmh_pages_returned(struct page *page, unsigned int order,
			bool discarded)
{
	unsigned long pfn = page_to_pfn(page);

	if (discarded && !free_writes() && mmh_discarded_has_room(pfn)) {
		if (!mmh_discarded_any())
			mmh_discarded_start(mmh_pacer_used());
		mmh_discarded_mark(pfn, order);
	}
	mmh_pacer_driver_returned((u64)PAGE_SIZE << order);
	mmh_discarded_pages_returned(order);
}
EXPORT_SYMBOL_GPL(mmh_pages_returned);
