// SPDX-License-Identifier: GPL-2.0-only
/* /sys/kernel/mm_hooks: one value a file, described in docs/parameters.md. */
#include "sysfs.h"

#include <linux/kernel.h>
#include <linux/kobject.h>
#include <linux/sysfs.h>

#include <vmhooks/mm_hooks.h>

#include "counters.h"
#include "engine.h"
#include "pace/pacer.h"
#include "registry.h"

/* Longest wait that a write to flush may ask for. */
#define FLUSH_MAX_MS 600000

#define COUNTER(_name, _member)						\
static ssize_t _name##_show(struct kobject *kobj,			\
			    struct kobj_attribute *attr, char *buf)	\
{									\
	return sysfs_emit(buf, "%lld\n",				\
			  atomic64_read(&mmh_counters._member));	\
}									\
static struct kobj_attribute _name##_attr = {				\
	.attr = { .name = #_name, .mode = 0444 },			\
	.show = _name##_show,						\
}

COUNTER(requests, requests);
COUNTER(passes, passes);
COUNTER(checks, checks);
COUNTER(low_checks, low_checks);
COUNTER(reports, reported.reports);
COUNTER(reported_bytes, reported.bytes);
COUNTER(report_errors, reported.errors);
COUNTER(lost_bytes, lost_bytes);
COUNTER(forgets, forgets);
COUNTER(pcp_drains, pcp_drains);

static ssize_t engine_show(struct kobject *kobj, struct kobj_attribute *attr,
			   char *buf)
{
	return sysfs_emit(buf, "%s\n", mmh_engine_name());
}

static ssize_t capabilities_show(struct kobject *kobj,
				 struct kobj_attribute *attr, char *buf)
{
	u32 caps = mmh_capabilities();

	return sysfs_emit(buf, "%s%s%s%s%s%s\n",
			  caps & MMH_CAP_CLOCK ? "clock" : "",
			  caps & MMH_CAP_REPORT ? " report" : "",
			  caps & MMH_CAP_PACED ? " paced" : "",
			  caps & MMH_CAP_SMALL ? " small" : "",
			  caps & MMH_CAP_FLUSH ? " flush" : "",
			  caps & MMH_CAP_FORGET ? " forget" : "");
}

static ssize_t reporters_show(struct kobject *kobj, struct kobj_attribute *attr,
			      char *buf)
{
	return mmh_reporters_show(buf);
}

/* As the engine counts it, or the pacer estimates it for one that cannot. */
static ssize_t reused_bytes_show(struct kobject *kobj,
				 struct kobj_attribute *attr, char *buf)
{
	u64 estimated = atomic64_read(&mmh_counters.reused_bytes);

	return sysfs_emit(buf, "%llu\n", estimated + mmh_engines_reused_bytes());
}

static ssize_t level_show(struct kobject *kobj, struct kobj_attribute *attr,
			  char *buf)
{
	return sysfs_emit(buf, "%u\n", mmh_pacer_level());
}

static ssize_t reported_free_bytes_show(struct kobject *kobj,
					struct kobj_attribute *attr, char *buf)
{
	return sysfs_emit(buf, "%llu\n", mmh_pacer_reported_free());
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
	err = mmh_flush(timeout_ms);
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
	err = mmh_forget();
	return err ? err : count;
}

static struct kobj_attribute engine_attr = __ATTR_RO(engine);
static struct kobj_attribute capabilities_attr = __ATTR_RO(capabilities);
static struct kobj_attribute reporters_attr = __ATTR_RO(reporters);
static struct kobj_attribute level_attr = __ATTR_RO(level);
static struct kobj_attribute reported_free_bytes_attr = __ATTR_RO(reported_free_bytes);
static struct kobj_attribute reused_bytes_attr = __ATTR_RO(reused_bytes);
static struct kobj_attribute flush_attr = __ATTR_WO(flush);
static struct kobj_attribute forget_attr = __ATTR_WO(forget);

static struct attribute *mmh_attrs[] = {
	&engine_attr.attr,	    &capabilities_attr.attr,
	&reporters_attr.attr,	    &level_attr.attr,
	&reported_free_bytes_attr.attr,	    &flush_attr.attr,
	&forget_attr.attr,	    &requests_attr.attr,
	&passes_attr.attr,	    &checks_attr.attr,
	&low_checks_attr.attr,
	&reports_attr.attr,	    &reported_bytes_attr.attr,
	&report_errors_attr.attr,   &reused_bytes_attr.attr,
	&lost_bytes_attr.attr,
	&forgets_attr.attr,	    &pcp_drains_attr.attr,
	NULL,
};
ATTRIBUTE_GROUPS(mmh);

static struct kobject *kobj;

int mmh_sysfs_init(void)
{
	int err;

	kobj = kobject_create_and_add("mm_hooks", kernel_kobj);
	if (!kobj)
		return -ENOMEM;
	err = sysfs_create_groups(kobj, mmh_groups);
	if (!err)
		err = mmh_engines_show(kobj);
	if (err)
		kobject_put(kobj);
	return err;
}

void mmh_sysfs_exit(void)
{
	mmh_engines_hide(kobj);
	kobject_put(kobj);
}
