/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The kernel's reported flag, which remembers the small blocks that are reported.
 *
 * The kernel clears it when a block leaves its free list: it is allocated, isolated,
 * merges with another or is split.  It does so once a driver has registered for its page
 * reporting, and then until the next boot.
 */
#ifndef MMH_SMALL_FLAG_H
#define MMH_SMALL_FLAG_H

#include <linux/types.h>

/**
 * mmh_small_flag_enable() - have the kernel clear the flag
 *
 * Registers for the kernel's page reporting and unregisters, once.
 *
 * Context: process, may sleep.
 * Return: does it?  Never without CONFIG_PAGE_REPORTING.
 */
bool mmh_small_flag_enable(void);

#endif /* MMH_SMALL_FLAG_H */
