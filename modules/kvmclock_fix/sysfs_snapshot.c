// SPDX-License-Identifier: GPL-2.0-only
/* The files that show the timekeeper's clocks. */
#include "sysfs.h"

#include <linux/clocksource.h>
#include <linux/kobject.h>
#include <linux/sysfs.h>

#include "snapshot.h"

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

const struct attribute_group kf_snapshot_group = { .attrs = snapshot_attrs };
