// SPDX-License-Identifier: GPL-2.0-only
/* /sys/kernel/mm_hooks/native: what the native engine has counted. */
#include "sysfs.h"

#include <linux/jiffies.h>
#include <linux/kobject.h>
#include <linux/mm.h>
#include <linux/sysfs.h>

#include "../counters.h"
#include "inflight.h"
#include "zone_sysfs.h"
#include "zones.h"

#define SHOW(_name, _value)						\
static ssize_t _name##_show(struct kobject *kobj,			\
			    struct kobj_attribute *attr, char *buf)	\
{									\
	return sysfs_emit(buf, "%llu\n", (unsigned long long)(_value));	\
}									\
static struct kobj_attribute _name##_attr = __ATTR_RO(_name)

SHOW(unreported_bytes, mmh_zones_unreported_bytes());
SHOW(reported_free_bytes, mmh_zones_reported_bytes());
SHOW(inflight_bytes, (u64)mmh_inflight_pages() << PAGE_SHIFT);
SHOW(isolated_blocks, mmh_zones_isolated_blocks());
SHOW(pressure_waits, atomic64_read(&mmh_counters.pressure_waits));
SHOW(last_pass_ms, jiffies_to_msecs(jiffies - READ_ONCE(mmh_last_pass)));

static ssize_t longest_lock_ns_show(struct kobject *kobj,
				    struct kobj_attribute *attr, char *buf)
{
	return sysfs_emit(buf, "%llu\n", READ_ONCE(mmh_longest_lock_ns));
}

/* Writing 0 begins anew. */
static ssize_t longest_lock_ns_store(struct kobject *kobj,
				     struct kobj_attribute *attr,
				     const char *buf, size_t count)
{
	if (!sysfs_streq(buf, "0"))
		return -EINVAL;
	WRITE_ONCE(mmh_longest_lock_ns, 0);
	return count;
}

static struct kobj_attribute longest_lock_ns_attr = __ATTR_RW(longest_lock_ns);

static struct attribute *native_attrs[] = {
	&unreported_bytes_attr.attr,	   &reported_free_bytes_attr.attr,
	&inflight_bytes_attr.attr, &isolated_blocks_attr.attr,
	&pressure_waits_attr.attr, &longest_lock_ns_attr.attr,
	&last_pass_ms_attr.attr,   NULL,
};

static const struct attribute_group native_group = {
	.name = "native",
	.attrs = native_attrs,
};

int mmh_native_sysfs_add(struct kobject *parent)
{
	int err = sysfs_create_group(parent, &native_group);

	if (err)
		return err;
	err = mmh_zone_sysfs_add(parent);
	if (err)
		sysfs_remove_group(parent, &native_group);
	return err;
}

void mmh_native_sysfs_remove(struct kobject *parent)
{
	mmh_zone_sysfs_remove();
	sysfs_remove_group(parent, &native_group);
}
