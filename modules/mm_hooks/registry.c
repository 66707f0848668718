// SPDX-License-Identifier: GPL-2.0-only
/* Which engine is used, and which reporter it serves. */
#include "registry.h"

#include <linux/list.h>
#include <linux/module.h>
#include <linux/mutex.h>
#include <linux/string.h>
#include <linux/sysfs.h>

#include <vmhooks/mm_hooks.h>

#include "engine.h"

/* Settled before the first reporter, never changed after it. */
static const struct mm_hooks_engine *engine;

/*
 * Covers the list and the attachment.  Held while the engine attaches and
 * detaches, so nothing that those wait for may take it.
 */
static DEFINE_MUTEX(reporters_lock);
static LIST_HEAD(reporters);	/* the first one is attached */

int mm_hooks_engine_select(const char *wanted)
{
	if (!strcmp(wanted, "native")) {
		pr_err("engine=native needs a kernel with the companion patch, which this one is not: use engine=auto\n");
		return -EOPNOTSUPP;
	}
	engine = mm_hooks_intree;
	if (engine) {
		pr_info("engine %s: the kernel's page reporting, paced by delay_ms\n",
			engine->name);
		return 0;
	}
	if (!strcmp(wanted, "intree")) {
		pr_err("engine=intree needs a kernel with CONFIG_PAGE_REPORTING, which this one is not\n");
		return -EOPNOTSUPP;
	}
	pr_warn("no engine: this kernel has neither CONFIG_PAGE_REPORTING nor the companion patch, free memory stays with the guest\n");
	return 0;
}

const char *mm_hooks_engine_name(void)
{
	return engine ? engine->name : "none";
}

u32 mm_hooks_capabilities(void)
{
	return MM_HOOKS_CAP_CLOCK | (engine ? engine->caps() : 0);
}
EXPORT_SYMBOL_GPL(mm_hooks_capabilities);

int mm_hooks_reporter_register(struct mm_hooks_reporter *rep)
{
	int err = 0;

	INIT_LIST_HEAD(&rep->node);
	if (!rep->capacity)
		return -EINVAL;
	if (!engine)
		return -EOPNOTSUPP;
	mutex_lock(&reporters_lock);
	if (list_empty(&reporters))
		err = engine->attach(rep);
	else
		pr_info("%s waits in reserve: one reporter is used at a time\n",
			rep->name);
	if (!err)
		list_add_tail(&rep->node, &reporters);
	mutex_unlock(&reporters_lock);
	return err;
}
EXPORT_SYMBOL_GPL(mm_hooks_reporter_register);

/* The first reporter has gone: the next one that can be attached follows. */
static void reporters_promote(void)
{
	struct mm_hooks_reporter *rep, *next;
	int err;

	lockdep_assert_held(&reporters_lock);
	list_for_each_entry_safe(rep, next, &reporters, node) {
		err = engine->attach(rep);
		if (!err) {
			pr_info("%s takes over\n", rep->name);
			return;
		}
		pr_err("%s cannot take over: error %d\n", rep->name, err);
		list_del_init(&rep->node);
	}
}

void mm_hooks_reporter_unregister(struct mm_hooks_reporter *rep)
{
	mutex_lock(&reporters_lock);
	if (!list_empty(&rep->node)) {
		bool attached = list_is_first(&rep->node, &reporters);

		if (attached)
			engine->detach();
		list_del_init(&rep->node);
		if (attached)
			reporters_promote();
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
	return engine ? engine->flush(timeout_ms) : -EOPNOTSUPP;
}
EXPORT_SYMBOL_GPL(mm_hooks_flush);

int mm_hooks_forget(void)
{
	return engine ? engine->forget() : -EOPNOTSUPP;
}
EXPORT_SYMBOL_GPL(mm_hooks_forget);
