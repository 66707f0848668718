/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What every engine of mm_hooks offers: a way to find blocks of free memory,
 * pass them to the reporter, and put them back.
 */
#ifndef MM_HOOKS_ENGINE_H
#define MM_HOOKS_ENGINE_H

#include <linux/types.h>

struct kobject;
struct mm_hooks_reporter;
struct page;

/**
 * struct mm_hooks_engine - an engine
 * @name:   as the parameter calls it
 * @what:   how it works, for the log
 * @show:   add files of its own to the folder mm_hooks in sysfs.  Return: 0 or a
 *	negative errno, then with nothing added.  NULL when there are none.
 * @hide:   take them away; the last call of all
 * @caps:   MM_HOOKS_CAP_* that hold while a reporter is attached
 * @attach: start reporting to @rep.  Return: 0 or a negative errno.
 * @settle: wait until nothing is out; nothing goes out any more until detach.
 *	Return: 0, or -EBUSY after @timeout_ms: then all goes on.
 * @detach: stop.  After it no function of the reporter is called and no block
 *	is out.
 * @changed: a parameter has another value; NULL where that is of no interest
 * @flush:  see mm_hooks_flush()
 * @forget: see mm_hooks_forget()
 * @holds:  see mm_hooks_engine_holds(); NULL where the engine cannot tell
 *
 * attach, settle and detach are serialised by the registry, flush and forget by the
 * engine; all run in process context and may sleep.
 */
struct mm_hooks_engine {
	const char *name;
	const char *what;
	int (*show)(struct kobject *parent);
	void (*hide)(struct kobject *parent);
	u32 (*caps)(void);
	int (*attach)(struct mm_hooks_reporter *rep);
	int (*settle)(unsigned int timeout_ms);
	void (*detach)(void);
	void (*changed)(void);
	int (*flush)(unsigned int timeout_ms);
	int (*forget)(void);
	bool (*holds)(struct page *page, unsigned int order);
};

/* Each is NULL where the kernel lacks what the engine needs. */
extern const struct mm_hooks_engine *const mm_hooks_native;
extern const struct mm_hooks_engine *const mm_hooks_intree;

#endif /* MM_HOOKS_ENGINE_H */
