/* SPDX-License-Identifier: GPL-2.0-only */
/* The kernel tells which pages become free: into the map, and wake the pacer. */
#ifndef MM_HOOKS_FREE_HOOK_H
#define MM_HOOKS_FREE_HOOK_H

#include <linux/types.h>

/**
 * free_hook_attach() - listen to the kernel
 * @least: order of the smallest free block to hear about
 *
 * Context: process, may sleep; after zones_init().
 * Return: 0, or a negative errno.
 */
int free_hook_attach(unsigned int least);

/**
 * free_hook_detach() - stop listening
 *
 * After the return nothing of this runs any more.  Context: process, may sleep.
 */
void free_hook_detach(void);

/**
 * free_hook_rearm() - the next free wakes the pacer again
 *
 * Before the maps are looked at: a free that comes later is not missed.
 *
 * Context: any.
 * Return: was anything freed since the last call?
 */
bool free_hook_rearm(void);

/**
 * free_hook_set_order() - change the smallest free block to hear about
 * @least: its order
 *
 * Context: the pass, or before it can run.
 */
void free_hook_set_order(unsigned int least);

/* The order that was set last.  Context: as free_hook_set_order(). */
unsigned int free_hook_order(void);

/**
 * free_hook_backdate() - what becomes free from now on has been so for a while
 * @age: jiffies
 *
 * Context: the pass.
 */
void free_hook_backdate(u32 age);

#endif /* MM_HOOKS_FREE_HOOK_H */
