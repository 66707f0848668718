// SPDX-License-Identifier: GPL-2.0-only
/*
 * /sys/kernel/debug/fake_host: settings and findings of the host.
 *
 *   plugged	   1: the device is there, 0: unplugged, 2: unplugged by surprise
 *   features	   features to offer, from the next plug on
 *   num_pages	   target of the balloon
 *   cmd_id	   hinting command
 *   ask_stats	   1: request statistics
 *   break	   1: break every queue
 *   needs_reset   1: set DEVICE_NEEDS_RESET and interrupt; 2: without an interrupt
 *   ones	   the status of a device that was pulled out has all bits
 *   frozen	   1: freeze the device as in suspend, and restore it
 *   verify	   1: check all pages that the host has, now
 *   <queue>/	   see struct fh_queue
 *
 * The other files are read-only.
 */
#include <linux/debugfs.h>
#include <linux/seq_file.h>
#include <linux/virtio_config.h>

#include "fake_host.h"
#include "fuzz.h"
#include "pages.h"

static struct dentry *top;

static int plugged_get(void *data, u64 *value)
{
	*value = fh.plugged;
	return 0;
}

static int plugged_set(void *data, u64 value)
{
	if (value == 1)
		return fh_plug();
	fh_unplug(value == 2);
	return 0;
}
DEFINE_DEBUGFS_ATTRIBUTE(plugged_fops, plugged_get, plugged_set, "%llu\n");

static int config_read(void *data, u64 *value)
{
	*value = le32_to_cpu(*(__le32 *)data);
	return 0;
}

static int config_write(void *data, u64 value)
{
	mutex_lock(&fh.lock);
	*(__le32 *)data = cpu_to_le32(value);
	fh_log("the host wants %u pages, command %#x",
	       le32_to_cpu(fh.config.num_pages),
	       le32_to_cpu(fh.config.free_page_hint_cmd_id));
	mutex_unlock(&fh.lock);
	fh_config_changed();
	return 0;
}
DEFINE_DEBUGFS_ATTRIBUTE(config_fops, config_read, config_write, "%llu\n");
DEFINE_DEBUGFS_ATTRIBUTE(config_ro_fops, config_read, NULL, "%llu\n");

static int ask_stats_set(void *data, u64 value)
{
	fh_ask_stats();
	return 0;
}
DEFINE_DEBUGFS_ATTRIBUTE(ask_stats_fops, NULL, ask_stats_set, "%llu\n");

/* The driver's count of free entries; no buffer may be in flight. */
static int full_set(void *data, u64 value)
{
	struct fh_queue *q = data;
	int err = -ENODEV;

	mutex_lock(&fh.lock);
	if (q->vq) {
		if (value && !q->full)
			q->vq->num_free -= q->ring.num;
		if (!value && q->full)
			q->vq->num_free += q->ring.num;
		q->full = value;
		err = 0;
	}
	mutex_unlock(&fh.lock);
	return err;
}
DEFINE_DEBUGFS_ATTRIBUTE(full_fops, NULL, full_set, "%llu\n");

static int break_set(void *data, u64 value)
{
	struct fh_queue *q = data;
	int err = -ENODEV;

	mutex_lock(&fh.lock);
	if (!q && fh.plugged) {
		virtio_break_device(&fh.vdev);
		err = 0;
	} else if (q && q->vq) {
		__virtqueue_break(q->vq);
		err = 0;
	}
	fh_log("%s: broken by the host", q ? q->name : "all");
	mutex_unlock(&fh.lock);
	return err;
}
DEFINE_DEBUGFS_ATTRIBUTE(break_fops, NULL, break_set, "%llu\n");

static int needs_reset_set(void *data, u64 value)
{
	fh_need_reset();
	if (value == 1)
		fh_config_changed();
	return 0;
}
DEFINE_DEBUGFS_ATTRIBUTE(needs_reset_fops, NULL, needs_reset_set, "%llu\n");

static int frozen_set(void *data, u64 value)
{
	return fh_freeze();
}
DEFINE_DEBUGFS_ATTRIBUTE(frozen_fops, NULL, frozen_set, "%llu\n");

static int verify_set(void *data, u64 value)
{
	mutex_lock(&fh.lock);
	fh_pages_verify();
	fh_check_actual();
	mutex_unlock(&fh.lock);
	return 0;
}
DEFINE_DEBUGFS_ATTRIBUTE(verify_fops, NULL, verify_set, "%llu\n");

static int count_get(void *data, u64 *value)
{
	*value = fh_pages_count((unsigned long)data);
	return 0;
}
DEFINE_DEBUGFS_ATTRIBUTE(count_fops, count_get, NULL, "%llu\n");

static int violations_get(void *data, u64 *value)
{
	*value = fh_violations();
	return 0;
}
DEFINE_DEBUGFS_ATTRIBUTE(violations_fops, violations_get, NULL, "%llu\n");

static int fh_stats_show(struct seq_file *s, void *unused)
{
	u32 i;

	mutex_lock(&fh.lock);
	for (i = 0; i < fh.stats_n; i++)
		seq_printf(s, "%u %llu\n",
			   virtio16_to_cpu(&fh.vdev, fh.stats[i].tag),
			   virtio64_to_cpu(&fh.vdev, fh.stats[i].val));
	mutex_unlock(&fh.lock);
	return 0;
}

/* "order ranges", for every order that was reported. */
static int fh_ranges_show(struct seq_file *s, void *unused)
{
	unsigned int order;

	for (order = 0; order < FH_REPORT_SIZES; order++)
		if (READ_ONCE(fh.report_sizes[order]))
			seq_printf(s, "%u %u\n", order,
				   READ_ONCE(fh.report_sizes[order]));
	return 0;
}

DEFINE_SHOW_ATTRIBUTE(fh_stats);
DEFINE_SHOW_ATTRIBUTE(fh_ranges);
DEFINE_SHOW_ATTRIBUTE(fh_log);
DEFINE_SHOW_ATTRIBUTE(fh_complaints);

static void queue_files(struct fh_queue *q)
{
	struct dentry *dir = debugfs_create_dir(q->name, top);

	debugfs_create_u32("size", 0600, dir, &q->size);
	debugfs_create_u32("ack_ms", 0600, dir, &q->ack_ms);
	debugfs_create_bool("hold", 0600, dir, &q->hold);
	debugfs_create_u32("oom_ms", 0600, dir, &q->oom_ms);
	debugfs_create_bool("reverse", 0600, dir, &q->reverse);
	debugfs_create_u32("batch", 0600, dir, &q->batch);
	debugfs_create_u32("used_len", 0600, dir, &q->used_len);
	debugfs_create_bool("lose_irq", 0600, dir, &q->lose_irq);
	debugfs_create_u32("bad_id", 0600, dir, &q->bad_id);
	debugfs_create_file("break", 0200, dir, q, &break_fops);
	debugfs_create_file("full", 0200, dir, q, &full_fops);
	debugfs_create_u32("kicks", 0400, dir, &q->kicks);
	debugfs_create_u32("buffers", 0400, dir, &q->buffers);
	debugfs_create_u32("indirect", 0400, dir, &q->indirect);
	debugfs_create_u32("acked", 0400, dir, &q->acked);
	debugfs_create_u32("pending", 0400, dir, &q->n_pending);
}

static void page_files(void)
{
	static const char *const names[FH_HOLDS] = {
		[FH_IN_BALLOON] = "inflated",
		[FH_LEAVING] = "leaving",
		[FH_REPORTED] = "reported",
		[FH_HINTED] = "hinted",
	};
	unsigned long how;

	for (how = FH_IN_BALLOON; how < FH_HOLDS; how++)
		debugfs_create_file(names[how], 0400, top, (void *)how,
				    &count_fops);
}

void fh_debugfs_init(void)
{
	struct fh_queue *q;

	top = debugfs_create_dir("fake_host", NULL);
	debugfs_create_file("plugged", 0600, top, NULL, &plugged_fops);
	debugfs_create_x64("features", 0600, top, &fh.features);
	debugfs_create_x64("accepted", 0400, top, &fh.accepted);
	debugfs_create_u8("status", 0400, top, &fh.status);
	debugfs_create_bool("stopped", 0600, top, &fh.stopped);
	debugfs_create_bool("touch", 0600, top, &fh.touch);
	debugfs_create_u32("report_cuts", 0400, top, &fh.report_cuts);
	debugfs_create_bool("ignore_reset", 0600, top, &fh.ignore_reset);
	debugfs_create_bool("ones", 0600, top, &fh.tricks.ones);
	debugfs_create_u32("die_us", 0600, top, &fh.die_us);
	debugfs_create_u32("untold", 0600, top, &fh.untold);
	debugfs_create_u32("uninvited", 0600, top, &fh.uninvited);
	debugfs_create_file("num_pages", 0600, top, &fh.config.num_pages,
			    &config_fops);
	debugfs_create_file("cmd_id", 0600, top,
			    &fh.config.free_page_hint_cmd_id, &config_fops);
	debugfs_create_file("actual", 0400, top, &fh.config.actual,
			    &config_ro_fops);
	debugfs_create_file("poison_val", 0400, top, &fh.config.poison_val,
			    &config_ro_fops);
	debugfs_create_file("ask_stats", 0200, top, NULL, &ask_stats_fops);
	debugfs_create_file("break", 0200, top, NULL, &break_fops);
	debugfs_create_file("needs_reset", 0200, top, NULL, &needs_reset_fops);
	debugfs_create_file("frozen", 0200, top, NULL, &frozen_fops);
	debugfs_create_file("verify", 0200, top, NULL, &verify_fops);
	debugfs_create_file("violations", 0400, top, NULL, &violations_fops);
	debugfs_create_file("complaints", 0400, top, NULL,
			    &fh_complaints_fops);
	debugfs_create_file("statistics", 0400, top, NULL, &fh_stats_fops);
	debugfs_create_file("ranges", 0400, top, NULL, &fh_ranges_fops);
	debugfs_create_file("log", 0400, top, NULL, &fh_log_fops);
	page_files();
	fz_debugfs(top);
	for (q = fh.q; q < fh.q + FH_QUEUES; q++)
		queue_files(q);
}

void fh_debugfs_exit(void)
{
	debugfs_remove(top);
}
