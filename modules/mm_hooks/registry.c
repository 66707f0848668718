// SPDX-License-Identifier: GPL-2.0-only
/* Which engine is used, and which reporter it serves. */
#include "registry.h"

#include <linux/list.h>
#include <linux/mmzone.h>
#include <linux/module.h>
#include <linux/mutex.h>
#include <linux/pageblock-flags.h>
#include <linux/string.h>
#include <linux/sysfs.h>

#include <vmhooks/mm_hooks.h>

#include "engine.h"

/* How long a change of engine, or a sleep, lets the host give back what it has. */
#define REGISTRY_PATIENCE_MS 5000

/*
 * Covers all below.  Held while an engine attaches and detaches, so nothing that
 * those wait for may take it.
 */
static DEFINE_MUTEX(reporters_lock);
static const struct mm_hooks_engine *engine;
static bool selected;
static LIST_HEAD(reporters);
static struct mm_hooks_reporter *attached;	/* the first of them, or NULL */
static bool asleep;		/* nobody is attached */
static bool forget_due;		/* when somebody is attached again */

/* Sets @found, NULL for none. */
static int engine_find(const char *wanted, const struct mm_hooks_engine **found)
{
	if (!strcmp(wanted, "native")) {
		*found = mm_hooks_native;
		if (*found)
			return 0;
		pr_err("engine=native needs a kernel with the companion patch, which this one is not: use engine=auto\n");
		return -EOPNOTSUPP;
	}
	if (!strcmp(wanted, "intree")) {
		*found = mm_hooks_intree;
		if (*found)
			return 0;
		pr_err("engine=intree needs a kernel with CONFIG_PAGE_REPORTING, which this one is not\n");
		return -EOPNOTSUPP;
	}
	*found = mm_hooks_native ?: mm_hooks_intree;
	return 0;
}

int mm_hooks_engine_select(const char *wanted)
{
	int err;

	mutex_lock(&reporters_lock);
	err = engine_find(wanted, &engine);
	selected = !err;
	mutex_unlock(&reporters_lock);
	if (err)
		return err;
	if (engine)
		pr_info("engine %s: %s\n", engine->name, engine->what);
	else
		pr_warn("no engine: this kernel has neither CONFIG_PAGE_REPORTING nor the companion patch, free memory stays with the guest\n");
	return 0;
}

static int reporter_attach(struct mm_hooks_reporter *rep)
{
	int err;

	lockdep_assert_held(&reporters_lock);
	err = engine->attach(rep);
	if (err)
		return err;
	attached = rep;
	if (forget_due)
		forget_due = engine->forget();
	return 0;
}

static void reporter_detach(void)
{
	lockdep_assert_held(&reporters_lock);
	engine->detach();
	attached = NULL;
}

/* The first reporter that can be attached is. */
static void reporters_promote(void)
{
	struct mm_hooks_reporter *rep, *next;
	int err;

	lockdep_assert_held(&reporters_lock);
	list_for_each_entry_safe(rep, next, &reporters, node) {
		err = reporter_attach(rep);
		if (!err)
			return;
		pr_err("%s cannot report: error %d; load its driver again\n",
		       rep->name, err);
		list_del_init(&rep->node);
	}
}

/* Moves the reporter that is attached to another engine. */
static int engine_move(const struct mm_hooks_engine *to)
{
	const struct mm_hooks_engine *from = engine;
	struct mm_hooks_reporter *rep = attached;
	int err = 0;

	lockdep_assert_held(&reporters_lock);
	if (rep)
		err = engine->settle(REGISTRY_PATIENCE_MS);
	if (err) {
		pr_err("engine stays %s: the host has not given back what was reported to it, try again\n",
		       engine->name);
		return err;
	}
	if (rep)
		reporter_detach();
	WRITE_ONCE(engine, to);
	if (rep)
		err = reporter_attach(rep);
	if (err) {
		WRITE_ONCE(engine, from);
		reporters_promote();
	}
	return err;
}

int mm_hooks_engine_change(const char *wanted)
{
	const struct mm_hooks_engine *to;
	int err = 0;

	mutex_lock(&reporters_lock);
	if (selected)
		err = engine_find(wanted, &to);
	if (selected && !err && to != engine)
		err = engine_move(to);
	mutex_unlock(&reporters_lock);
	return err;
}

/* Engines come and go with the module: what was read stays valid. */
static const struct mm_hooks_engine *engine_now(void)
{
	return READ_ONCE(engine);
}

const char *mm_hooks_engine_name(void)
{
	const struct mm_hooks_engine *e = engine_now();

	return e ? e->name : "none";
}

u32 mm_hooks_capabilities(void)
{
	const struct mm_hooks_engine *e = engine_now();

	return MM_HOOKS_CAP_CLOCK | (e ? e->caps() : 0);
}
EXPORT_SYMBOL_GPL(mm_hooks_capabilities);

int mm_hooks_reporter_register(struct mm_hooks_reporter *rep)
{
	int err = 0;

	INIT_LIST_HEAD(&rep->node);
	if (!rep->capacity)
		return -EINVAL;
	mutex_lock(&reporters_lock);
	if (!engine)
		err = -EOPNOTSUPP;
	else if (!attached && !asleep)
		err = reporter_attach(rep);
	else if (attached)
		pr_info("%s waits in reserve: one reporter is used at a time\n",
			rep->name);
	if (!err)
		list_add_tail(&rep->node, &reporters);
	mutex_unlock(&reporters_lock);
	return err;
}
EXPORT_SYMBOL_GPL(mm_hooks_reporter_register);

void mm_hooks_reporter_unregister(struct mm_hooks_reporter *rep)
{
	mutex_lock(&reporters_lock);
	if (rep == attached) {
		reporter_detach();
		list_del_init(&rep->node);
		reporters_promote();
		if (attached)
			pr_info("%s takes over\n", attached->name);
	} else if (!list_empty(&rep->node)) {
		list_del_init(&rep->node);
	}
	mutex_unlock(&reporters_lock);
}
EXPORT_SYMBOL_GPL(mm_hooks_reporter_unregister);

ssize_t mm_hooks_reporters_show(char *buf)
{
	struct mm_hooks_reporter *rep;
	ssize_t len = 0;

	mutex_lock(&reporters_lock);
	list_for_each_entry(rep, &reporters, node)
		len += sysfs_emit_at(buf, len, "%s\n", rep->name);
	mutex_unlock(&reporters_lock);
	return len;
}

int mm_hooks_flush(unsigned int timeout_ms)
{
	const struct mm_hooks_engine *e = engine_now();

	return e ? e->flush(timeout_ms) : -EOPNOTSUPP;
}
EXPORT_SYMBOL_GPL(mm_hooks_flush);

int mm_hooks_forget(void)
{
	const struct mm_hooks_engine *e = engine_now();
	bool later;

	mutex_lock(&reporters_lock);
	later = asleep;
	forget_due |= later;
	mutex_unlock(&reporters_lock);
	if (later)
		return 0;
	return e ? e->forget() : -EOPNOTSUPP;
}
EXPORT_SYMBOL_GPL(mm_hooks_forget);

/* A block that may have come from the lists of the processors may have been used. */
bool mm_hooks_engine_holds(struct page *page, unsigned int order)
{
	const struct mm_hooks_engine *e = engine_now();

	return order > pageblock_order && e && e->holds &&
	       e->holds(page, order);
}

void mm_hooks_reporters_sleep(void)
{
	mutex_lock(&reporters_lock);
	asleep = true;
	if (attached) {
		/* What is out after that is aborted. */
		(void)engine->settle(REGISTRY_PATIENCE_MS);
		reporter_detach();
	}
	mutex_unlock(&reporters_lock);
}

void mm_hooks_reporters_wake(void)
{
	mutex_lock(&reporters_lock);
	if (asleep) {
		asleep = false;
		reporters_promote();
	}
	mutex_unlock(&reporters_lock);
}

void mm_hooks_engine_changed(void)
{
	const struct mm_hooks_engine *e = engine_now();

	if (e && e->changed)
		e->changed();
}

void mm_hooks_chain_done(struct mm_hooks_chain *chain, int status)
{
	chain->done(chain, status);
}
EXPORT_SYMBOL_GPL(mm_hooks_chain_done);
