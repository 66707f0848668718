/* SPDX-License-Identifier: GPL-2.0-only */
/* The companion patch's mm_hooks_free tracepoint: which pages became free. */
#ifndef MMH_FREE_HOOK_H
#define MMH_FREE_HOOK_H

struct zone;

/*
 * A probe: 2^order pages from pfn on were freed.  Called under zone->lock with
 * interrupts off, in NMI on kernels that free there.  @data is NULL.
 */
typedef void (*mmh_free_probe)(void *data, struct zone *zone, unsigned long pfn,
			       unsigned int order);

/**
 * mmh_free_hook_register() - attach a probe
 * @probe: the probe; there is one at a time
 * @least: order of the smallest free block to announce
 *
 * Context: process, may sleep.
 * Return: 0, -ENOENT when this kernel lacks the tracepoint, or another negative
 * errno.
 */
int mmh_free_hook_register(mmh_free_probe probe, unsigned int least);

/**
 * mmh_free_hook_unregister() - detach the probe
 *
 * After the return the probe does not run.  Without one nothing happens.
 *
 * Context: process, may sleep.
 */
void mmh_free_hook_unregister(void);

/**
 * mmh_free_hook_set_order() - change the smallest free block to announce
 * @least: its order
 *
 * Context: the pass, or before it can run.
 */
void mmh_free_hook_set_order(unsigned int least);

/* The order that was set last.  Context: as mmh_free_hook_set_order(). */
unsigned int mmh_free_hook_order(void);

#endif /* MMH_FREE_HOOK_H */
