// SPDX-License-Identifier: GPL-2.0-only
/* balloon/ in the device's folder: one value a file, see docs/parameters.md. */
#include "sysfs.h"

#include <linux/device.h>
#include <linux/sysfs.h>
#include <linux/virtio.h>

#include "balloon.h"
#include "device.h"

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

/* All files count the pages of the device. */
#define SHOW_PAGES(_name, _pages) SHOW(_name, "%llu", br_pages_to_device(_pages))
#define COUNTER(_name) atomic64_read(&dev->counters._name)
/* mm_hooks counts the reports of each reporter. */
#define REPORTED(_name) atomic64_read(&dev->reporting.reporter.reported._name)

SHOW_PAGES(actual_pages, READ_ONCE(dev->balloon.num_inflated));
SHOW(num_pages, "%u", READ_ONCE(dev->size.num_pages));
SHOW_PAGES(target_pages, READ_ONCE(dev->size.target));
SHOW_PAGES(quarantined_pages, br_balloon_num_quarantined(dev));
SHOW_PAGES(hint_pending_pages, READ_ONCE(dev->hint.pending_pages));
SHOW_PAGES(hint_retained_pages, READ_ONCE(dev->hint.retained_pages));
SHOW(features, "0x%llx", dev->plan.features);
SHOW_PAGES(inflated_pages, COUNTER(inflated_pages));
SHOW_PAGES(deflated_pages, COUNTER(deflated_pages));
SHOW_PAGES(oom_deflated_pages, COUNTER(oom_deflated_pages));
SHOW_PAGES(migrated_pages, COUNTER(migrated_pages));
SHOW(alloc_failures, "%lld", COUNTER(alloc_failures));
SHOW(stats_updates, "%lld", COUNTER(stats_updates));
SHOW(hint_blocks, "%lld", COUNTER(hint_blocks));
SHOW(hint_cmds, "%lld", COUNTER(hint_cmds));
SHOW(reported_bytes, "%lld", REPORTED(bytes));
SHOW(reports, "%lld", REPORTED(reports));
SHOW(report_errors, "%lld", REPORTED(errors));
SHOW(host_timeouts, "%lld", COUNTER(host_timeouts));
SHOW(resets, "%lld", COUNTER(resets));
SHOW(restarts, "%lld", COUNTER(restarts));
SHOW_PAGES(lost_pages, READ_ONCE(dev->lost_pages));

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

static const char *why_not(struct br_device *dev)
{
	int err = READ_ONCE(dev->reporting.err);

	if (dev->plan.off_reason)
		return dev->plan.off_reason;
	if (br_state(dev) != BR_LIVE)
		return "the device is not live";
	if (err == -EOPNOTSUPP)
		return "mm_hooks has no engine";
	if (err == -EBUSY)
		return "another driver holds the kernel's page reporting";
	return err ? "mm_hooks rejects the reporter" : "none";
}

static ssize_t why_not_show(struct device *d, struct device_attribute *attr,
			    char *buf)
{
	return sysfs_emit(buf, "%s\n", why_not(device_of(d)));
}
static DEVICE_ATTR_RO(why_not);

static struct attribute *attrs[] = {
	&dev_attr_state.attr,
	&dev_attr_why_not.attr,
	&dev_attr_features.attr,
	&dev_attr_actual_pages.attr,
	&dev_attr_num_pages.attr,
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
	&dev_attr_hint_retained_pages.attr,
	&dev_attr_reported_bytes.attr,
	&dev_attr_reports.attr,
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
