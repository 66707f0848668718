/* SPDX-License-Identifier: GPL-2.0-only */
/* Reclaim, the OOM notifier and isolation wait for blocks in flight. */
#ifndef MMH_PRESSURE_H
#define MMH_PRESSURE_H

#include <linux/types.h>

/**
 * mmh_pressure_register() - register the shrinker, the OOM and the isolation notifier
 *
 * Context: process, may sleep.
 * Return: 0 or a negative errno.
 */
int mmh_pressure_register(void);

/**
 * mmh_pressure_unregister() - unregister them
 *
 * Context: process, may sleep.
 */
void mmh_pressure_unregister(void);

/**
 * mmh_pressure_wait_range() - wait until no page of an isolated range is in flight
 * @start: first page frame
 * @end:   behind the last one
 *
 * Context: process, may sleep; not the pass.
 * Return: whether no page of the range is in flight.
 */
bool mmh_pressure_wait_range(unsigned long start, unsigned long end);

#endif /* MMH_PRESSURE_H */
