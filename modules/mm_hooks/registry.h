/* SPDX-License-Identifier: GPL-2.0-only */
/* Which engine is used, and which reporter it serves. */
#ifndef MMH_REGISTRY_H
#define MMH_REGISTRY_H

#include <linux/types.h>

struct kobject;
struct page;

/**
 * mmh_engine_select() - settle which engine is used
 * @wanted: "auto", "native" or "page_reporting"
 *
 * Says in the log which one it is.  "auto" succeeds on a kernel without any:
 * then reporters are refused and all else works.
 *
 * Context: process, before anything is registered.
 * Return: 0, or -EOPNOTSUPP when @wanted is not available on this kernel.
 */
int mmh_engine_select(const char *wanted);

/**
 * mmh_engine_change() - use another engine from now on
 * @wanted: "auto", "native" or "page_reporting"
 *
 * The reporter moves over.  What the new engine does not know is reported once
 * more.  Before mmh_engine_select() nothing happens.
 *
 * Context: process, may sleep.
 * Return: 0, -EOPNOTSUPP when @wanted is not available on this kernel, -EBUSY
 * when the device does not complete its reports, or the error of the new engine:
 * then the old one goes on.
 */
int mmh_engine_change(const char *wanted);

/**
 * mmh_reporters_suspend() - report nothing until mmh_reporters_resume()
 *
 * Before processes are frozen: a pass that waits for the host would not freeze.
 * After the return nothing is in flight.
 *
 * Context: process, may sleep.
 */
void mmh_reporters_suspend(void);

/**
 * mmh_reporters_resume() - report again
 *
 * A mmh_forget() in between is made up for.  Awake is no error.
 *
 * Context: process, may sleep.
 */
void mmh_reporters_resume(void);

/**
 * mmh_flush() - report all that can be reported, now
 * @timeout_ms: give up after this long
 *
 * Context: process, may sleep; a signal interrupts it.
 *
 * All that was free at the call is reported after it.  Exception: blocks that cannot be
 * isolated now (zone at its watermark, MIGRATE_ISOLATE).  What is freed meanwhile is
 * reported, too, for a bounded number of rounds.
 *
 * Return: 0, -ETIMEDOUT, -EINTR, -ENODEV without a reporter or when it goes,
 * -EOPNOTSUPP without an engine, or the error of the reporter.
 */
int mmh_flush(unsigned int timeout_ms);

/**
 * mmh_capabilities() - what the engine in use can do
 *
 * Return: MMH_CAP_* bits.
 */
u32 mmh_capabilities(void);

/**
 * mmh_engine_changed() - a parameter of the engine has another value
 *
 * Context: process.
 */
void mmh_engine_changed(void);

/**
 * mmh_engine_has_reported() - has the host discarded a block by a report?
 * @page:  its first page; a driver has just allocated the block
 * @order: its order
 *
 * Context: process.
 * Return: whether all of it is; false where the engine cannot tell.
 */
bool mmh_engine_has_reported(struct page *page, unsigned int order);

/**
 * mmh_engines_show() - add the files of all engines to sysfs
 * @parent: the folder mm_hooks
 *
 * Context: process, module init.
 * Return: 0 or a negative errno; then nothing is added.
 */
int mmh_engines_show(struct kobject *parent);

/* Remove them again.  Context: process, module exit. */
void mmh_engines_hide(struct kobject *parent);

/* Free what the engines keep from attach to attach.  Context: process, module exit. */
void mmh_engines_exit(void);

/* Bytes in reported memory that was reused, as far as engines know.  Context: process. */
u64 mmh_engines_reused_bytes(void);

/* Name of the engine in use, "none" where there is none. */
const char *mmh_engine_name(void);

/* Writes the names of the reporters, the one in use first.  Return: length. */
ssize_t mmh_reporters_show(char *buf);

#endif /* MMH_REGISTRY_H */
