/* SPDX-License-Identifier: GPL-2.0-only */
/* Which engine is used, and which reporter it serves. */
#ifndef MM_HOOKS_REGISTRY_H
#define MM_HOOKS_REGISTRY_H

#include <linux/types.h>

struct page;

/**
 * mm_hooks_engine_select() - settle which engine is used
 * @wanted: "auto", "native" or "intree"
 *
 * Says in the log which one it is.  "auto" succeeds on a kernel without any:
 * then reporters are refused and all else works.
 *
 * Context: process, before anything is registered.
 * Return: 0, or -EOPNOTSUPP when @wanted is not to be had on this kernel.
 */
int mm_hooks_engine_select(const char *wanted);

/**
 * mm_hooks_engine_change() - use another engine from now on
 * @wanted: "auto", "native" or "intree"
 *
 * The reporter moves over.  What the new engine does not know is reported once
 * more.  Before mm_hooks_engine_select() nothing happens.
 *
 * Context: process, may sleep.
 * Return: 0, -EOPNOTSUPP when @wanted is not to be had on this kernel, -EBUSY
 * when the host does not give back what it has, or the error of the new engine:
 * then the old one goes on.
 */
int mm_hooks_engine_change(const char *wanted);

/**
 * mm_hooks_reporters_sleep() - report nothing until mm_hooks_reporters_wake()
 *
 * Before processes are frozen: a pass that waits for the host would not freeze.
 * After the return nothing is out.
 *
 * Context: process, may sleep.
 */
void mm_hooks_reporters_sleep(void);

/**
 * mm_hooks_reporters_wake() - report again
 *
 * A mm_hooks_forget() in between is made up for.  Awake is no error.
 *
 * Context: process, may sleep.
 */
void mm_hooks_reporters_wake(void);

/**
 * mm_hooks_engine_changed() - a parameter of the engine has another value
 *
 * Context: process.
 */
void mm_hooks_engine_changed(void);

/**
 * mm_hooks_engine_holds() - has the host discarded a block by a report?
 * @page:  its first page; the block was just taken out of the allocator
 * @order: its order
 *
 * Context: process.
 * Return: whether all of it is; false where the engine cannot tell.
 */
bool mm_hooks_engine_holds(struct page *page, unsigned int order);

/* Name of the engine in use, "none" where there is none. */
const char *mm_hooks_engine_name(void);

/* Writes the names of the reporters, the one in use first.  Return: length. */
ssize_t mm_hooks_reporters_show(char *buf);

#endif /* MM_HOOKS_REGISTRY_H */
