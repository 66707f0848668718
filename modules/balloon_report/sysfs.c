// SPDX-License-Identifier: GPL-2.0-only
/* balloon/ in the device's folder: one value a file, see docs/parameters.md. */
#include <linux/device.h>
#include <linux/sysfs.h>
#include <linux/virtio.h>

#include "balloon.h"
#include "balloon_report.h"

static struct br_device *device_of(struct device *dev)
{
	return dev_to_virtio(dev)->priv;
}

#define SHOW(_name, _format, _value)					\
static ssize_t _name##_show(struct device *d,				\
			    struct device_attribute *attr, char *buf)	\
{									\
	struct br_device *dev = device_of(d);				\
									\
	return sysfs_emit(buf, _format "\n", _value);			\
}									\
static struct device_attribute dev_attr_##_name = {			\
	.attr = { .name = #_name, .mode = 0444 },			\
	.show = _name##_show,						\
}

#define COUNTED(_name) atomic64_read(&dev->counters._name)

SHOW(actual_pages, "%u", READ_ONCE(dev->pages_held));
SHOW(asked_pages, "%u", READ_ONCE(dev->asked));
SHOW(target_pages, "%u", READ_ONCE(dev->target));
SHOW(quarantined_pages, "%u", br_balloon_quarantined(dev));
SHOW(hint_pending_pages, "%lu", READ_ONCE(dev->hint.pending_pages));
SHOW(hint_held_pages, "%lu", READ_ONCE(dev->hint.acked_pages));
SHOW(features, "0x%llx", dev->plan.features);
SHOW(inflated_pages, "%lld", COUNTED(inflated_pages));
SHOW(deflated_pages, "%lld", COUNTED(deflated_pages));
SHOW(oom_deflated_pages, "%lld", COUNTED(oom_deflated_pages));
SHOW(migrated_pages, "%lld", COUNTED(migrated_pages));
SHOW(alloc_failures, "%lld", COUNTED(alloc_failures));
SHOW(stats_updates, "%lld", COUNTED(stats_updates));
SHOW(hint_blocks, "%lld", COUNTED(hint_blocks));
SHOW(hint_cmds, "%lld", COUNTED(hint_cmds));
SHOW(reported_bytes, "%lld", COUNTED(reported_bytes));
SHOW(reported_chains, "%lld", COUNTED(reported_chains));
SHOW(report_errors, "%lld", COUNTED(report_errors));
SHOW(host_timeouts, "%lld", COUNTED(host_timeouts));
SHOW(resets, "%lld", COUNTED(resets));
SHOW(restarts, "%lld", COUNTED(restarts));
SHOW(lost_pages, "%lu", READ_ONCE(dev->lost_pages));

static ssize_t state_show(struct device *d, struct device_attribute *attr,
			  char *buf)
{
	static const char *const names[] = {
		[BR_DOWN] = "down",
		[BR_LIVE] = "live",
		[BR_STOPPING] = "stopping",
		[BR_DEAD] = "dead",
		[BR_LOST] = "lost",
	};

	return sysfs_emit(buf, "%s\n", names[br_state(device_of(d))]);
}
static DEVICE_ATTR_RO(state);

static struct attribute *attrs[] = {
	&dev_attr_state.attr,
	&dev_attr_features.attr,
	&dev_attr_actual_pages.attr,
	&dev_attr_asked_pages.attr,
	&dev_attr_target_pages.attr,
	&dev_attr_quarantined_pages.attr,
	&dev_attr_inflated_pages.attr,
	&dev_attr_deflated_pages.attr,
	&dev_attr_oom_deflated_pages.attr,
	&dev_attr_migrated_pages.attr,
	&dev_attr_alloc_failures.attr,
	&dev_attr_stats_updates.attr,
	&dev_attr_hint_blocks.attr,
	&dev_attr_hint_cmds.attr,
	&dev_attr_hint_pending_pages.attr,
	&dev_attr_hint_held_pages.attr,
	&dev_attr_reported_bytes.attr,
	&dev_attr_reported_chains.attr,
	&dev_attr_report_errors.attr,
	&dev_attr_host_timeouts.attr,
	&dev_attr_resets.attr,
	&dev_attr_restarts.attr,
	&dev_attr_lost_pages.attr,
	NULL,
};

static const struct attribute_group group = {
	.name = "balloon",
	.attrs = attrs,
};

const struct attribute_group *br_groups[] = { &group, NULL };
