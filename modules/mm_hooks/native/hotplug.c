// SPDX-License-Identifier: GPL-2.0-only
/* The maps and folders of zones follow memory hotplug. */
#include "hotplug.h"

#include <linux/errno.h>
#include <linux/printk.h>

#include "../hooks/hotplug.h"
#include "../pace/pacer.h"
#include "pressure.h"
#include "zone_sysfs.h"
#include "zones.h"

/*
 * The range is isolated.  Offlining tries again without a bound, so a device that
 * does not complete a report has to end it here.
 */
static int going_offline(unsigned long start, unsigned long end)
{
	return mmh_pressure_wait_range(start, end) ? 0 : -EBUSY;
}

void mmh_native_memory_onlined(unsigned long start, unsigned long end)
{
	if (mmh_zones_update(start, end))
		pr_warn("no memory for the map of onlined memory: trying again\n");
	if (mmh_zone_sysfs_update())
		pr_warn("onlined zones are not shown in sysfs\n");
}

static void online(unsigned long start, unsigned long end)
{
	mmh_native_memory_onlined(start, end);
	mmh_zones_mark_online(start, end);
	mmh_pacer_request(0);
}

static struct mmh_hotplug_client client = {
	.going_offline = going_offline,
	.offline = mmh_zones_mark_offline,
	.online = online,
};

int mmh_native_hotplug_start(void)
{
	return mmh_hotplug_register(&client);
}

void mmh_native_hotplug_stop(void)
{
	mmh_hotplug_unregister(&client);
}
