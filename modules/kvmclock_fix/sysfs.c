// SPDX-License-Identifier: GPL-2.0-only
/*
 * /sys/kernel/kvmclock_fix: what was found of the clocks that this host shows, and,
 * in guest/, of the one that it is shown.  See docs/parameters.md.
 */
#include "sysfs.h"

#include <linux/kernel.h>
#include <linux/kobject.h>
#include <linux/sysfs.h>

#include "guest.h"
#include "host.h"
#include "vms.h"

static void host_counts(struct kf_counts *counts)
{
	kf_vms_totals(counts);
}

static void guest_counts(struct kf_counts *counts)
{
	kf_guest_counts(counts);
}

/* A histogram: the largest step of a bin, and how many fell into it. */
static ssize_t show_steps(const struct kf_counts *counts, char *buf)
{
	unsigned int bin;
	ssize_t len = 0;

	for (bin = 0; bin < KF_STEP_BINS; bin++)
		len += sysfs_emit_at(buf, len, "<=%lld %llu\n",
				     kf_step_border(bin), counts->steps[bin]);
	return len;
}

#define FILE(_where, _name, _value)					\
static ssize_t _where##_##_name##_show(struct kobject *kobj,		\
				       struct kobj_attribute *attr,	\
				       char *buf)			\
{									\
	return _value;							\
}									\
static struct kobj_attribute _where##_##_name##_attr = {		\
	.attr = { .name = #_name, .mode = 0444 },			\
	.show = _where##_##_name##_show,				\
}

static u64 count_at(void (*get)(struct kf_counts *counts), size_t offset)
{
	struct kf_counts counts;

	get(&counts);
	return *(u64 *)((char *)&counts + offset);
}

static ssize_t steps_of(void (*get)(struct kf_counts *counts), char *buf)
{
	struct kf_counts counts;

	get(&counts);
	return show_steps(&counts, buf);
}

#define COUNT(_where, _name)						\
static ssize_t _where##_##_name##_show(struct kobject *kobj,		\
				       struct kobj_attribute *attr,	\
				       char *buf)			\
{									\
	return sysfs_emit(buf, "%llu\n",				\
			  count_at(_where##_counts,			\
				   offsetof(struct kf_counts, _name)));	\
}									\
static struct kobj_attribute _where##_##_name##_attr = {		\
	.attr = { .name = #_name, .mode = 0444 },			\
	.show = _where##_##_name##_show,				\
}

COUNT(host, updates);
COUNT(host, negative);
COUNT(host, backwards);
COUNT(host, rate_changes);
COUNT(host, version_violations);
COUNT(host, sets);
COUNT(host, corrected);
FILE(host, steps, steps_of(host_counts, buf));
FILE(host, vms, kf_vms_show(buf));
FILE(host, untracked, sysfs_emit(buf, "%llu\n", kf_vms_untracked()));
FILE(host, hooks, sysfs_emit(buf, "%s\n", kf_host_hooks()));

COUNT(guest, updates);
COUNT(guest, negative);
COUNT(guest, backwards);
COUNT(guest, rate_changes);
COUNT(guest, version_violations);
FILE(guest, steps, steps_of(guest_counts, buf));
FILE(guest, pages, sysfs_emit(buf, "%u\n",
			      kf_guest_counts(&(struct kf_counts){ })));

static struct attribute *host_attrs[] = {
	&host_updates_attr.attr,
	&host_negative_attr.attr,
	&host_backwards_attr.attr,
	&host_rate_changes_attr.attr,
	&host_version_violations_attr.attr,
	&host_sets_attr.attr,
	&host_corrected_attr.attr,
	&host_steps_attr.attr,
	&host_vms_attr.attr,
	&host_untracked_attr.attr,
	&host_hooks_attr.attr,
	NULL,
};

static const struct attribute_group host_group = { .attrs = host_attrs };

static struct attribute *guest_attrs[] = {
	&guest_updates_attr.attr,
	&guest_negative_attr.attr,
	&guest_backwards_attr.attr,
	&guest_rate_changes_attr.attr,
	&guest_version_violations_attr.attr,
	&guest_steps_attr.attr,
	&guest_pages_attr.attr,
	NULL,
};

static const struct attribute_group guest_group = {
	.name = "guest",
	.attrs = guest_attrs,
};

static const struct attribute_group *groups[] = {
	&host_group,
	&guest_group,
	&kf_snapshot_group,
	NULL,
};

static struct kobject *kobj;

int kf_sysfs_init(void)
{
	int err;

	kobj = kobject_create_and_add("kvmclock_fix", kernel_kobj);
	if (!kobj)
		return -ENOMEM;
	err = sysfs_create_groups(kobj, groups);
	if (err)
		kobject_put(kobj);
	return err;
}

void kf_sysfs_exit(void)
{
	kobject_put(kobj);
}
