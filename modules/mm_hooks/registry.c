// SPDX-License-Identifier: GPL-2.0-only
/* Which engine is used, and which reporter it serves. */
#include "registry.h"

#include <linux/kernel.h>
#include <linux/list.h>
#include <linux/mmzone.h>
#include <linux/module.h>
#include <linux/mutex.h>
#include <linux/pageblock-flags.h>
#include <linux/string.h>
#include <linux/sysfs.h>

#include <vmhooks/mm_hooks.h>

#include "engine.h"

/* How long a change of engine, or a suspend, lets the device complete its reports. */
#define REGISTRY_PATIENCE_MS 5000

/*
 * Covers all below.  Held while an engine attaches and detaches, so nothing that
 * those wait for may take it.
 */
static DEFINE_MUTEX(reporters_lock);
static const struct mmh_engine *engine;
static bool selected;
static LIST_HEAD(reporters);
static struct mmh_reporter *attached;	/* the first of them, or NULL */
static bool suspended;		/* no reporter is attached */
static bool forget_due;		/* at the next attach */

/* The best one first. */
static const struct {
	const char *name;
	const struct mmh_engine *engine;	/* NULL: not on this kernel */
	const char *needs;
} engines[] = {
	{ "native", IS_ENABLED(CONFIG_MM_HOOKS) ? &mmh_native : NULL,
	  "the companion patch" },
	{ "page_reporting",
	  IS_ENABLED(CONFIG_PAGE_REPORTING) ? &mmh_page_reporting : NULL,
	  "CONFIG_PAGE_REPORTING" },
};

static const struct mmh_engine *engine_best(void)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(engines); i++)
		if (engines[i].engine)
			return engines[i].engine;
	return NULL;
}

/* Sets @found, NULL for none. */
static int engine_find(const char *wanted, const struct mmh_engine **found)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(engines); i++)
		if (!strcmp(wanted, engines[i].name))
			break;
	if (i == ARRAY_SIZE(engines)) {
		*found = engine_best();
		return 0;
	}
	*found = engines[i].engine;
	if (*found)
		return 0;
	pr_err("engine=%s needs a kernel with %s, which this one is not: use engine=auto\n",
	       wanted, engines[i].needs);
	return -EOPNOTSUPP;
}

int mmh_engine_select(const char *wanted)
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

static int reporter_attach(struct mmh_reporter *rep)
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
	struct mmh_reporter *rep, *next;
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
static int engine_move(const struct mmh_engine *to)
{
	const struct mmh_engine *from = engine;
	struct mmh_reporter *rep = attached;
	int err = 0;

	lockdep_assert_held(&reporters_lock);
	if (rep)
		err = engine->settle(REGISTRY_PATIENCE_MS);
	if (err) {
		pr_err("engine stays %s: the device does not complete its reports, try again\n",
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

int mmh_engine_change(const char *wanted)
{
	const struct mmh_engine *to;
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
static const struct mmh_engine *engine_now(void)
{
	return READ_ONCE(engine);
}

const char *mmh_engine_name(void)
{
	const struct mmh_engine *e = engine_now();

	return e ? e->name : "none";
}

u32 mmh_capabilities(void)
{
	const struct mmh_engine *e = engine_now();

	return MMH_CAP_CLOCK | (e ? e->caps() : 0);
}

int mmh_reporter_register(struct mmh_reporter *rep)
{
	int err = 0;

	INIT_LIST_HEAD(&rep->node);
	if (!rep->capacity)
		return -EINVAL;
	mutex_lock(&reporters_lock);
	if (!engine)
		err = -EOPNOTSUPP;
	else if (!attached && !suspended)
		err = reporter_attach(rep);
	else if (attached)
		pr_info("%s: registered as standby reporter\n",
			rep->name);
	if (!err)
		list_add_tail(&rep->node, &reporters);
	mutex_unlock(&reporters_lock);
	return err;
}
EXPORT_SYMBOL_GPL(mmh_reporter_register);

void mmh_reporter_unregister(struct mmh_reporter *rep)
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
EXPORT_SYMBOL_GPL(mmh_reporter_unregister);

ssize_t mmh_reporters_show(char *buf)
{
	struct mmh_reporter *rep;
	ssize_t len = 0;

	mutex_lock(&reporters_lock);
	list_for_each_entry(rep, &reporters, node)
		len += sysfs_emit_at(buf, len, "%s\n", rep->name);
	mutex_unlock(&reporters_lock);
	return len;
}

int mmh_flush(unsigned int timeout_ms)
{
	const struct mmh_engine *e = engine_now();

	return e ? e->flush(timeout_ms) : -EOPNOTSUPP;
}

int mmh_forget(void)
{
	const struct mmh_engine *e = engine_now();
	bool later;

	if (!e)
		return -EOPNOTSUPP;
	mutex_lock(&reporters_lock);
	/* The kernel's flags outlive a reporter, so the next one has to clear them. */
	later = suspended || !attached;
	forget_due |= later;
	mutex_unlock(&reporters_lock);
	return later ? 0 : e->forget();
}
EXPORT_SYMBOL_GPL(mmh_forget);

int mmh_engines_show(struct kobject *parent)
{
	unsigned int i;
	int err = 0;

	for (i = 0; !err && i < ARRAY_SIZE(engines); i++)
		if (engines[i].engine && engines[i].engine->show)
			err = engines[i].engine->show(parent);
	return err;
}

void mmh_engines_hide(struct kobject *parent)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(engines); i++)
		if (engines[i].engine && engines[i].engine->hide)
			engines[i].engine->hide(parent);
}

void mmh_engines_exit(void)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(engines); i++)
		if (engines[i].engine && engines[i].engine->exit)
			engines[i].engine->exit();
}

u64 mmh_engines_reused_bytes(void)
{
	unsigned int i;
	u64 pages = 0;

	for (i = 0; i < ARRAY_SIZE(engines); i++)
		if (engines[i].engine && engines[i].engine->reused)
			pages += engines[i].engine->reused();
	return pages << PAGE_SHIFT;
}

/*
 * A block that may have come from the pcplists may have been used: these have small blocks
 * and those of a pageblock.
 */
bool mmh_engine_has_reported(struct page *page, unsigned int order)
{
	const struct mmh_engine *e = engine_now();

	return order > PAGE_ALLOC_COSTLY_ORDER && order != pageblock_order &&
	       e && e->has_reported && e->has_reported(page, order);
}

void mmh_reporters_suspend(void)
{
	mutex_lock(&reporters_lock);
	suspended = true;
	if (attached) {
		/* Reports in flight after that are aborted. */
		(void)engine->settle(REGISTRY_PATIENCE_MS);
		reporter_detach();
	}
	mutex_unlock(&reporters_lock);
}

void mmh_reporters_resume(void)
{
	mutex_lock(&reporters_lock);
	if (suspended) {
		suspended = false;
		reporters_promote();
	}
	mutex_unlock(&reporters_lock);
}

void mmh_engine_changed(void)
{
	const struct mmh_engine *e = engine_now();

	if (e && e->changed)
		e->changed();
}
