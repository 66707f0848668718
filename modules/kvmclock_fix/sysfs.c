// SPDX-License-Identifier: GPL-2.0-only
/*
 * /sys/kernel/kvmclock_fix: the audit on the host, in guest/ the audit in this guest, and
 * the timekeeper's clocks.  See docs/parameters.md.
 */
#include "sysfs.h"

#include <linux/clocksource.h>
#include <linux/kernel.h>
#include <linux/kobject.h>
#include <linux/sysfs.h>

#include "guest.h"
#include "host.h"
#include "snapshot.h"
#include "table.h"

static void host_counts(struct kf_counts *counts)
{
	kf_table_add_counts(counts);
}

static void guest_counts(struct kf_counts *counts)
{
	kf_guest_counts(counts);
}

/* A histogram: upper bound and count of each bin. */
static ssize_t show_steps(const struct kf_counts *counts, char *buf)
{
	unsigned int bin;
	ssize_t len = 0;

	for (bin = 0; bin < KF_STEP_BINS; bin++)
		len += sysfs_emit_at(buf, len, "<=%lld %llu\n",
				     kf_step_bin_max(bin), counts->steps[bin]);
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
COUNT(host, refused);
FILE(host, steps, steps_of(host_counts, buf));
FILE(host, untracked, sysfs_emit(buf, "%llu\n", kf_table_untracked()));
FILE(host, hooks, sysfs_emit(buf, "%s\n", kf_host_hooks()));

COUNT(guest, updates);
COUNT(guest, negative);
COUNT(guest, backwards);
COUNT(guest, rate_changes);
COUNT(guest, version_violations);
COUNT(guest, stopped);
FILE(guest, steps, steps_of(guest_counts, buf));
FILE(guest, pages, sysfs_emit(buf, "%u\n",
			      kf_guest_counts(&(struct kf_counts){ })));

static ssize_t show_reference(char *buf)
{
	bool measured;
	s64 ppb;

	return sysfs_emit(buf, "%s\n", kf_guest_reference(&ppb, &measured));
}

static ssize_t show_rate(char *buf)
{
	bool measured;
	s64 ppb;

	kf_guest_reference(&ppb, &measured);
	return measured ? sysfs_emit(buf, "%lld\n", ppb) :
			  sysfs_emit(buf, "unknown\n");
}

static ssize_t show_disruptions(char *buf)
{
	u64 count;

	return kf_guest_disruptions(&count) ? sysfs_emit(buf, "%llu\n", count) :
					      sysfs_emit(buf, "unknown\n");
}

FILE(guest, disruptions, show_disruptions(buf));
FILE(guest, reference, show_reference(buf));
FILE(guest, rate_ppb, show_rate(buf));

static struct attribute *host_attrs[] = {
	&host_updates_attr.attr,
	&host_negative_attr.attr,
	&host_backwards_attr.attr,
	&host_rate_changes_attr.attr,
	&host_version_violations_attr.attr,
	&host_sets_attr.attr,
	&host_corrected_attr.attr,
	&host_refused_attr.attr,
	&host_steps_attr.attr,
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
	&guest_stopped_attr.attr,
	&guest_disruptions_attr.attr,
	&guest_reference_attr.attr,
	&guest_rate_ppb_attr.attr,
	&guest_steps_attr.attr,
	&guest_pages_attr.attr,
	NULL,
};

static const struct attribute_group guest_group = {
	.name = "guest",
	.attrs = guest_attrs,
};

#define SHOW(_name, _format, _value)					\
static ssize_t _name##_show(struct kobject *kobj,			\
			    struct kobj_attribute *attr, char *buf)	\
{									\
	struct kf_snapshot snap;					\
	u64 cycles = kf_snapshot_read(&snap);				\
									\
	(void)cycles;							\
	return sysfs_emit(buf, _format "\n", _value);			\
}									\
static struct kobj_attribute _name##_attr = {				\
	.attr = { .name = #_name, .mode = 0444 },			\
	.show = _name##_show,						\
}

static s64 mono_minus_raw(const struct kf_snapshot *snap, u64 cycles)
{
	return kf_clock_ns(&snap->mono, cycles) -
	       kf_clock_ns(&snap->raw, cycles);
}

static const char *mode_name(int mode)
{
	switch (mode) {
	case VDSO_CLOCKMODE_TSC:
		return "tsc";
#ifdef CONFIG_PARAVIRT_CLOCK
	case VDSO_CLOCKMODE_PVCLOCK:
		return "pvclock";
#endif
	default:
		return "other";
	}
}

SHOW(snapshot_updates, "%llu", snap.updates);
SHOW(clocksource, "%s", snap.source);
SHOW(vclock_mode, "%s", mode_name(snap.raw.vclock_mode));
SHOW(raw_ns, "%llu", kf_clock_ns(&snap.raw, cycles));
SHOW(mono_ns, "%llu", kf_clock_ns(&snap.mono, cycles));
SHOW(mono_minus_raw_ns, "%lld", mono_minus_raw(&snap, cycles));
SHOW(boot_offset_ns, "%lld", snap.boot_offset);
SHOW(raw_mult, "%u", snap.raw.mult);
SHOW(raw_shift, "%u", snap.raw.shift);
SHOW(mono_mult, "%u", snap.mono.mult);
SHOW(mono_shift, "%u", snap.mono.shift);

static struct attribute *snapshot_attrs[] = {
	&snapshot_updates_attr.attr,
	&clocksource_attr.attr,
	&vclock_mode_attr.attr,
	&raw_ns_attr.attr,
	&mono_ns_attr.attr,
	&mono_minus_raw_ns_attr.attr,
	&boot_offset_ns_attr.attr,
	&raw_mult_attr.attr,
	&raw_shift_attr.attr,
	&mono_mult_attr.attr,
	&mono_shift_attr.attr,
	NULL,
};

static const struct attribute_group snapshot_group = { .attrs = snapshot_attrs };

static const struct attribute_group *groups[] = {
	&host_group,
	&guest_group,
	&snapshot_group,
	NULL,
};

static struct kobject *kobj;

/* Wakes poll() on the counters of what is wrong. */
static void notify(void)
{
	sysfs_notify(kobj, NULL, "negative");
	sysfs_notify(kobj, NULL, "backwards");
	sysfs_notify(kobj, NULL, "version_violations");
	sysfs_notify(kobj, NULL, "refused");
}

int kf_sysfs_init(void)
{
	int err;

	kobj = kobject_create_and_add("kvmclock_fix", kernel_kobj);
	if (!kobj)
		return -ENOMEM;
	err = sysfs_create_groups(kobj, groups);
	if (err)
		kobject_put(kobj);
	else
		kf_table_set_notify(notify);
	return err;
}

void kf_sysfs_exit(void)
{
	kf_table_set_notify(NULL);
	kobject_put(kobj);
}
