/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What every engine of mm_hooks offers: a way to find blocks of free memory,
 * pass them to the reporter, and put them back.
 */
#ifndef MMH_ENGINE_H
#define MMH_ENGINE_H

#include <linux/bits.h>
#include <linux/types.h>

struct kobject;
struct mmh_reporter;
struct page;

/* What the engine in use can do: mmh_capabilities(). */
#define MMH_CAP_REPORT BIT(0) /* free blocks reach a reporter */
#define MMH_CAP_PACED  BIT(1) /* delay_ms decides when, not the kernel */
#define MMH_CAP_FLUSH  BIT(2) /* mmh_flush() works */
#define MMH_CAP_FORGET BIT(3) /* mmh_forget() works */
#define MMH_CAP_CLOCK  BIT(4) /* clock clients are served */
#define MMH_CAP_SMALL  BIT(5) /* low_order has effect */

/**
 * struct mmh_engine - an engine
 * @name:   as the parameter calls it
 * @what:   how it works, for the log
 * @show:   add files of its own to the folder mm_hooks in sysfs.  Return: 0 or a
 *	negative errno, then with nothing added.  NULL when there are none.
 * @hide:   remove them
 * @exit:   free what outlives a detach; the last call of all.  NULL: there is nothing.
 * @reused: pages in reported memory that was allocated again, where the engine knows;
 *	NULL where the pacer estimates it
 * @caps:   MMH_CAP_* that hold while a reporter is attached
 * @attach: start reporting to @rep.  Return: 0 or a negative errno.
 * @settle: wait until nothing is in flight, and submit nothing until detach.
 *	Return: 0, or -EBUSY after @timeout_ms: then all goes on.
 * @detach: stop.  After it no function of the reporter is called and no block
 *	is isolated.
 * @changed: a parameter has another value; NULL where that is of no interest
 * @flush:  see mmh_flush()
 * @forget: see mmh_forget()
 * @has_reported:  see mmh_engine_has_reported(); NULL where the engine cannot tell
 *
 * attach, settle and detach are serialised by the registry, flush and forget by the
 * engine; all run in process context and may sleep.
 */
struct mmh_engine {
	const char *name;
	const char *what;
	int (*show)(struct kobject *parent);
	void (*hide)(struct kobject *parent);
	void (*exit)(void);
	u64 (*reused)(void);
	u32 (*caps)(void);
	int (*attach)(struct mmh_reporter *rep);
	int (*settle)(unsigned int timeout_ms);
	void (*detach)(void);
	void (*changed)(void);
	int (*flush)(unsigned int timeout_ms);
	int (*forget)(void);
	bool (*has_reported)(struct page *page, unsigned int order);
};

/* Built where the kernel has CONFIG_MM_HOOKS, and CONFIG_PAGE_REPORTING. */
extern const struct mmh_engine mmh_native;
extern const struct mmh_engine mmh_page_reporting;

#endif /* MMH_ENGINE_H */
