// SPDX-License-Identifier: GPL-2.0-only
/* What happens in the guest meanwhile: files, memory, bind and unbind, suspend. */
#include <linux/delay.h>
#include <linux/device.h>
#include <linux/fs.h>
#include <linux/gfp.h>
#include <linux/suspend.h>
#include <linux/virtio.h>

#include "fake_host.h"
#include "fuzz.h"
#include "page_orders.h"

#define MM_HOOKS "/sys/module/mm_hooks/parameters/"
#define BALLOON "/sys/module/balloon_report/parameters/"

/* Most blocks that the guest keeps. */
#define BLOCKS 64
/* Most pages that it allocates at a time. */
#define BLOCK_PAGES 2048

bool fz_may_suspend;

/*
 * Values of files.  The first value of a parameter is written when the sequence ends,
 * so that no sequence depends on the ones before it.  The files of a driver that is not
 * loaded do not exist.
 */
static struct {
	const char *path;
	bool restore;
	const char *values[8];
	bool touched;
} files[] = {
	{ MM_HOOKS "delay_ms", true, { "10", "1", "0", "200", "100000", "-1", "x", "" } },
	{ MM_HOOKS "min_age_ms", true, { "0", "1", "100", "4294967295", "-1", "x", "5", "0" } },
	{ MM_HOOKS "report_order", true, { "9", "10", "0", "4", "11", "1", "-1", "9" } },
	{ MM_HOOKS "low_order", true, { "9", "0", "1", "3", "5", "10", "auto", "7" } },
	{ MM_HOOKS "scan_batch", true, { "512", "0", "1", "16", "4294967295", "x", "64", "2" } },
	{ MM_HOOKS "inflight_mb", true, { "64", "1", "4", "0", "1000000", "x", "16", "2" } },
	{ MM_HOOKS "drain_mb", true, { "64", "0", "1", "1000000", "x", "-1", "16", "2" } },
	{ MM_HOOKS "engine", true, { "auto", "native", "page_reporting", "none", "x", "", "native",
				     "page_reporting" } },
	{ BALLOON "floor_mb", true, { "0", "1", "64", "200", "1000000", "x", "-1", "16" } },
	{ BALLOON "oom_mb", true, { "1", "0", "64", "1000000", "x", "-1", "16", "4" } },
	{ BALLOON "host_timeout_ms", true, { "10000", "100", "1", "500", "0", "x", "-1", "1000" } },
	{ "/sys/kernel/mm_hooks/flush", false, { "1", "0", "10", "100", "1000", "x", "-1", "5" } },
	{ "/sys/kernel/mm_hooks/forget", false, { "1", "1", "0", "x", "", "1", "1", "2" } },
	{ "/proc/sys/vm/compact_memory", false, { "1", "1", "1", "1", "1", "1", "1", "1" } },
};

static const char *const device_files[] = {
	"state", "why_not", "features", "actual_pages", "quarantined_pages",
	"hint_pending_pages", "reported_bytes", "lost_pages"
};

/* Blocks that the guest has allocated, by order.  One task. */
static struct {
	struct page *page;
	unsigned int order;
} blocks[BLOCKS];

static void file_write(const char *path, const char *value)
{
	struct file *file = filp_open(path, O_WRONLY, 0);
	loff_t at = 0;

	if (IS_ERR(file))
		return;
	kernel_write(file, value, strlen(value), &at);
	filp_close(file, NULL);
}

static void file_read(const char *path)
{
	struct file *file = filp_open(path, O_RDONLY, 0);
	char buffer[64];
	loff_t at = 0;

	if (IS_ERR(file))
		return;
	kernel_read(file, buffer, sizeof(buffer), &at);
	filp_close(file, NULL);
}

void fz_file(struct fz_input *in)
{
	u8 which = fz_byte(in), value = fz_byte(in) % 8;
	unsigned int i = which % ARRAY_SIZE(files);
	char path[96];

	if (which >= 0xe0) {
		snprintf(path, sizeof(path), "/sys/devices/fake_host/%s/balloon/%s",
			 dev_name(&fh.vdev.dev), device_files[value]);
		file_read(path);
		return;
	}
	files[i].touched = files[i].restore;
	file_write(files[i].path, files[i].values[value]);
}

void fz_files_restore(void)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(files); i++) {
		if (files[i].touched)
			file_write(files[i].path, files[i].values[0]);
		files[i].touched = false;
	}
}

static void block_free(unsigned int i)
{
	if (blocks[i].page)
		__free_pages(blocks[i].page, blocks[i].order);
	blocks[i].page = NULL;
}

/* Allocate some blocks in places that may be in use, whose blocks are freed. */
void fz_memory(struct fz_input *in)
{
	u8 how = fz_byte(in), first = fz_byte(in);
	unsigned int order = min_t(unsigned int, how & 15, NR_PAGE_ORDERS - 1);
	unsigned int n = min(1U + (how >> 4), BLOCK_PAGES >> order);

	if (how < 0x20)
		n = BLOCKS;
	for (; n; n--, first++) {
		unsigned int i = first % BLOCKS;

		block_free(i);
		if (how < 0x20)
			continue;
		blocks[i].order = order;
		blocks[i].page = alloc_pages(GFP_KERNEL | __GFP_NOWARN | __GFP_NORETRY,
					     order);
	}
}

void fz_memory_free(void)
{
	unsigned int i;

	for (i = 0; i < BLOCKS; i++)
		block_free(i);
}

/* Unbind, wait, and bind again or leave it to a later operation. */
void fz_rebind(struct fz_input *in)
{
	u8 how = fz_byte(in);

	if (!fh.plugged)
		return;
	if (how & 1)
		device_release_driver(&fh.vdev.dev);
	if (how & 2)
		usleep_range(how, how + 1);
	if ((how & 0x0c) && device_attach(&fh.vdev.dev) < 0)
		fh_log("no driver has bound the device");
}

/* As the parent's suspend does, or a suspend of the whole guest. */
void fz_freeze(struct fz_input *in)
{
	u8 how = fz_byte(in);

	if (!fh.plugged)
		return;
	if (fz_may_suspend && how >= 0xf8) {
		pm_suspend(PM_SUSPEND_TO_IDLE);
		return;
	}
	device_lock(&fh.vdev.dev);
	if (!virtio_device_freeze(&fh.vdev)) {
		usleep_range(how * 4, how * 4 + 1);
		virtio_device_restore(&fh.vdev);
	}
	device_unlock(&fh.vdev.dev);
}
