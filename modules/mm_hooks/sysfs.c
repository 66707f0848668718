// SPDX-License-Identifier: GPL-2.0-only
/* /sys/kernel/mm_hooks: one value a file, described in docs/parameters.md. */
#include "sysfs.h"

#include <linux/kernel.h>
#include <linux/kobject.h>
#include <linux/sysfs.h>

#include <vmhooks/mm_hooks.h>

#include "counters.h"
#include "engine.h"
#include "pacer.h"
#include "registry.h"

/* Longest wait that a write to flush may ask for. */
#define FLUSH_MAX_MS 600000

struct mm_hooks_counters mm_hooks_counters;

#define COUNTER(_name)							\
static ssize_t _name##_show(struct kobject *kobj,			\
			    struct kobj_attribute *attr, char *buf)	\
{									\
	return sysfs_emit(buf, "%lld\n",				\
			  atomic64_read(&mm_hooks_counters._name));	\
}									\
static struct kobj_attribute _name##_attr = {				\
	.attr = { .name = #_name, .mode = 0444 },			\
	.show = _name##_show,						\
}

COUNTER(requests);
COUNTER(passes);
COUNTER(checks);
COUNTER(reported_chains);
COUNTER(reported_bytes);
COUNTER(report_errors);
COUNTER(lost_bytes);
COUNTER(retaken_bytes);
COUNTER(forgets);
COUNTER(pcp_drains);

static ssize_t engine_show(struct kobject *kobj, struct kobj_attribute *attr,
			   char *buf)
{
	return sysfs_emit(buf, "%s\n", mm_hooks_engine_name());
}

static ssize_t capabilities_show(struct kobject *kobj,
				 struct kobj_attribute *attr, char *buf)
{
	u32 caps = mm_hooks_capabilities();

	return sysfs_emit(buf, "%s%s%s%s%s\n",
			  caps & MM_HOOKS_CAP_CLOCK ? "clock" : "",
			  caps & MM_HOOKS_CAP_REPORT ? " report" : "",
			  caps & MM_HOOKS_CAP_PACED ? " paced" : "",
			  caps & MM_HOOKS_CAP_FLUSH ? " flush" : "",
			  caps & MM_HOOKS_CAP_FORGET ? " forget" : "");
}

static ssize_t reporters_show(struct kobject *kobj, struct kobj_attribute *attr,
			      char *buf)
{
	return mm_hooks_reporters_show(buf);
}

static ssize_t level_show(struct kobject *kobj, struct kobj_attribute *attr,
			  char *buf)
{
	return sysfs_emit(buf, "%u\n", mm_hooks_pacer_level());
}

static ssize_t known_bytes_show(struct kobject *kobj,
				struct kobj_attribute *attr, char *buf)
{
	return sysfs_emit(buf, "%llu\n", mm_hooks_pacer_known());
}

/* Writing a number of milliseconds returns when all is reported. */
static ssize_t flush_store(struct kobject *kobj, struct kobj_attribute *attr,
			   const char *buf, size_t count)
{
	unsigned int timeout_ms;
	int err = kstrtouint(buf, 0, &timeout_ms);

	if (err)
		return err;
	if (!timeout_ms || timeout_ms > FLUSH_MAX_MS)
		return -ERANGE;
	err = mm_hooks_flush(timeout_ms);
	return err ? err : count;
}

/* Writing 1 makes everything unreported, as after a snapshot of the guest. */
static ssize_t forget_store(struct kobject *kobj, struct kobj_attribute *attr,
			    const char *buf, size_t count)
{
	bool yes;
	int err = kstrtobool(buf, &yes);

	if (err)
		return err;
	if (!yes)
		return -EINVAL;
	err = mm_hooks_forget();
	return err ? err : count;
}

static struct kobj_attribute engine_attr = __ATTR_RO(engine);
static struct kobj_attribute capabilities_attr = __ATTR_RO(capabilities);
static struct kobj_attribute reporters_attr = __ATTR_RO(reporters);
static struct kobj_attribute level_attr = __ATTR_RO(level);
static struct kobj_attribute known_bytes_attr = __ATTR_RO(known_bytes);
static struct kobj_attribute flush_attr = __ATTR_WO(flush);
static struct kobj_attribute forget_attr = __ATTR_WO(forget);

static struct attribute *mm_hooks_attrs[] = {
	&engine_attr.attr,	    &capabilities_attr.attr,
	&reporters_attr.attr,	    &level_attr.attr,
	&known_bytes_attr.attr,	    &flush_attr.attr,
	&forget_attr.attr,	    &requests_attr.attr,
	&passes_attr.attr,	    &checks_attr.attr,
	&reported_chains_attr.attr, &reported_bytes_attr.attr,
	&report_errors_attr.attr,   &retaken_bytes_attr.attr,
	&lost_bytes_attr.attr,
	&forgets_attr.attr,	    &pcp_drains_attr.attr,
	NULL,
};
ATTRIBUTE_GROUPS(mm_hooks);

static struct kobject *kobj;

int mm_hooks_sysfs_init(void)
{
	int err;

	kobj = kobject_create_and_add("mm_hooks", kernel_kobj);
	if (!kobj)
		return -ENOMEM;
	err = sysfs_create_groups(kobj, mm_hooks_groups);
	if (!err && mm_hooks_native)
		err = mm_hooks_native->show(kobj);
	if (err)
		kobject_put(kobj);
	return err;
}

void mm_hooks_sysfs_exit(void)
{
	if (mm_hooks_native)
		mm_hooks_native->hide(kobj);
	kobject_put(kobj);
}
