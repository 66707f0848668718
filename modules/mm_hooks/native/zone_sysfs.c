// SPDX-License-Identifier: GPL-2.0-only
/* /sys/kernel/mm_hooks/zones/node<N>_<zone>: what happened in each zone. */
#include "zone_sysfs.h"

#include <linux/kobject.h>
#include <linux/list.h>
#include <linux/mm.h>
#include <linux/mmzone.h>
#include <linux/mutex.h>
#include <linux/nodemask.h>
#include <linux/slab.h>
#include <linux/sysfs.h>

#include "zones.h"

struct zone_dir {
	struct kobject kobj;
	struct zone *zone;
	struct list_head node;
};

struct zone_file {
	struct attribute attr;
	ssize_t (*show)(const struct mmh_zone_state *state, char *buf);
};

static DEFINE_MUTEX(dirs_lock);	/* all below */
static LIST_HEAD(dirs);
static struct kobject *dirs_parent;

#define BYTES(_name, _pages)						\
static ssize_t _name##_show(const struct mmh_zone_state *state, char *buf)	\
{									\
	return sysfs_emit(buf, "%llu\n", (_pages) << PAGE_SHIFT);	\
}									\
static struct zone_file _name##_file = {				\
	.attr = { .name = #_name, .mode = 0444 },			\
	.show = _name##_show,						\
}

BYTES(unreported_bytes, state->unreported_pages);
BYTES(reported_free_bytes, state->reported_free_pages);
BYTES(isolated_bytes, state->counts.isolated_pages);
BYTES(putback_bytes, state->counts.putback_pages);
BYTES(reported_bytes, state->counts.reported_pages);
BYTES(failed_bytes, state->counts.failed_pages);
BYTES(reused_bytes, state->counts.reused_pages);

static ssize_t isolated_blocks_show(const struct mmh_zone_state *state, char *buf)
{
	ssize_t len = 0;
	int order;

	for (order = 0; order < NR_PAGE_ORDERS; order++)
		len += sysfs_emit_at(buf, len, "%s%llu", order ? " " : "",
				     state->counts.isolated_blocks[order]);
	return len + sysfs_emit_at(buf, len, "\n");
}

static struct zone_file isolated_blocks_file = {
	.attr = { .name = "isolated_blocks", .mode = 0444 },
	.show = isolated_blocks_show,
};

static struct attribute *zone_attrs[] = {
	&unreported_bytes_file.attr,	   &reported_free_bytes_file.attr,
	&isolated_bytes_file.attr,	   &putback_bytes_file.attr,
	&reported_bytes_file.attr, &failed_bytes_file.attr,
	&reused_bytes_file.attr,  &isolated_blocks_file.attr,
	NULL,
};
ATTRIBUTE_GROUPS(zone);

static ssize_t zone_dir_show(struct kobject *kobj, struct attribute *attr,
			     char *buf)
{
	struct zone_dir *dir = container_of(kobj, struct zone_dir, kobj);
	struct mmh_zone_state state;

	mmh_zones_state(dir->zone, &state);
	return container_of(attr, struct zone_file, attr)->show(&state, buf);
}

static void zone_dir_release(struct kobject *kobj)
{
	kfree(container_of(kobj, struct zone_dir, kobj));
}

static const struct sysfs_ops zone_dir_ops = { .show = zone_dir_show };

static const struct kobj_type zone_dir_type = {
	.release = zone_dir_release,
	.sysfs_ops = &zone_dir_ops,
	.default_groups = zone_groups,
};

static struct zone_dir *dir_of(const struct zone *zone)
{
	struct zone_dir *dir;

	lockdep_assert_held(&dirs_lock);
	list_for_each_entry(dir, &dirs, node)
		if (dir->zone == zone)
			return dir;
	return NULL;
}

static int dir_add(struct zone *zone)
{
	struct zone_dir *dir = kzalloc(sizeof(*dir), GFP_KERNEL);
	int err;

	lockdep_assert_held(&dirs_lock);
	if (!dir)
		return -ENOMEM;
	dir->zone = zone;
	err = kobject_init_and_add(&dir->kobj, &zone_dir_type, dirs_parent,
				   "node%d_%s", zone_to_nid(zone), zone->name);
	if (err)
		kobject_put(&dir->kobj);
	else
		list_add_tail(&dir->node, &dirs);
	return err;
}

static int dirs_update(void)
{
	int nid, z, err = 0;

	lockdep_assert_held(&dirs_lock);
	for_each_online_node(nid) {
		struct zone *zones = NODE_DATA(nid)->node_zones;

		for (z = 0; z < MAX_NR_ZONES && !err; z++)
			if (managed_zone(&zones[z]) && !dir_of(&zones[z]))
				err = dir_add(&zones[z]);
	}
	return err;
}

int mmh_zone_sysfs_update(void)
{
	int err = 0;

	mutex_lock(&dirs_lock);
	if (dirs_parent)
		err = dirs_update();
	mutex_unlock(&dirs_lock);
	return err;
}

int mmh_zone_sysfs_add(struct kobject *parent)
{
	int err = -ENOMEM;

	mutex_lock(&dirs_lock);
	dirs_parent = kobject_create_and_add("zones", parent);
	if (dirs_parent)
		err = dirs_update();
	mutex_unlock(&dirs_lock);
	if (err)
		mmh_zone_sysfs_remove();
	return err;
}

void mmh_zone_sysfs_remove(void)
{
	struct zone_dir *dir, *next;

	mutex_lock(&dirs_lock);
	list_for_each_entry_safe(dir, next, &dirs, node) {
		list_del(&dir->node);
		kobject_put(&dir->kobj);
	}
	kobject_put(dirs_parent);
	dirs_parent = NULL;
	mutex_unlock(&dirs_lock);
}
