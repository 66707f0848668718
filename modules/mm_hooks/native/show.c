// SPDX-License-Identifier: GPL-2.0-only
/* /sys/kernel/mm_hooks/native: what the native engine has counted. */
#include "show.h"

#include <linux/kobject.h>
#include <linux/mm.h>
#include <linux/sysfs.h>

#include "../counters.h"
#include "flight.h"
#include "lock_time.h"
#include "zone_show.h"
#include "zones.h"

#define SHOW(_name, _value)						\
static ssize_t _name##_show(struct kobject *kobj,			\
			    struct kobj_attribute *attr, char *buf)	\
{									\
	return sysfs_emit(buf, "%llu\n", (unsigned long long)(_value));	\
}									\
static struct kobj_attribute _name##_attr = __ATTR_RO(_name)

SHOW(fresh_bytes, zones_fresh_bytes());
SHOW(gone_bytes, zones_gone_bytes());
SHOW(inflight_bytes, (u64)flights_pages() << PAGE_SHIFT);
SHOW(taken_blocks, atomic64_read(&mm_hooks_counters.taken_blocks));
SHOW(pressure_waits, atomic64_read(&mm_hooks_counters.pressure_waits));
SHOW(last_pass_ms, native_last_pass_ms());

static ssize_t longest_lock_ns_show(struct kobject *kobj,
				    struct kobj_attribute *attr, char *buf)
{
	return sysfs_emit(buf, "%llu\n", READ_ONCE(mm_hooks_longest_lock_ns));
}

/* Writing 0 begins anew. */
static ssize_t longest_lock_ns_store(struct kobject *kobj,
				     struct kobj_attribute *attr,
				     const char *buf, size_t count)
{
	if (!sysfs_streq(buf, "0"))
		return -EINVAL;
	WRITE_ONCE(mm_hooks_longest_lock_ns, 0);
	return count;
}

static struct kobj_attribute longest_lock_ns_attr = __ATTR_RW(longest_lock_ns);

static struct attribute *native_attrs[] = {
	&fresh_bytes_attr.attr,	   &gone_bytes_attr.attr,
	&inflight_bytes_attr.attr, &taken_blocks_attr.attr,
	&pressure_waits_attr.attr, &longest_lock_ns_attr.attr,
	&last_pass_ms_attr.attr,   NULL,
};

static const struct attribute_group native_group = {
	.name = "native",
	.attrs = native_attrs,
};

int native_show(struct kobject *parent)
{
	int err = sysfs_create_group(parent, &native_group);

	if (err)
		return err;
	err = zone_show_init(parent);
	if (err)
		sysfs_remove_group(parent, &native_group);
	return err;
}

void native_hide(struct kobject *parent)
{
	zone_show_exit();
	sysfs_remove_group(parent, &native_group);
	zones_destroy();
}
