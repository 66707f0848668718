// SPDX-License-Identifier: GPL-2.0-only
/*
 * cover: which basic blocks of the modules have run, in any context.
 *
 * The compiler calls __sanitizer_cov_trace_pc() in each basic block of a module that
 * is built with -fsanitize-coverage=trace-pc.  KCOV of the kernel has the same function,
 * but collects for one task, and the drivers mostly run in work items.
 *
 *   /sys/kernel/debug/cover/pcs	addresses that have run, one a line
 */
#include <linux/atomic.h>
#include <linux/debugfs.h>
#include <linux/hash.h>
#include <linux/instruction_pointer.h>
#include <linux/module.h>
#include <linux/seq_file.h>

#include "cover.h"

/* More than all basic blocks of the modules. */
#define SLOT_BITS 16
#define SLOTS BIT(SLOT_BITS)

/* A hash table with linear probing.  An entry stays. */
static unsigned long slots[SLOTS];
static atomic_t found;
static struct dentry *top;

#ifndef CONFIG_KCOV
/* The compiler declares it without arguments. */
void __sanitizer_cov_trace_pc(void);

void notrace __sanitizer_cov_trace_pc(void)
{
	unsigned long pc = _RET_IP_;
	u32 i = hash_long(pc, SLOT_BITS);
	unsigned long old;

	for (;; i = (i + 1) & (SLOTS - 1)) {
		old = READ_ONCE(slots[i]);
		if (!old)
			old = cmpxchg(&slots[i], 0, pc);
		if (old == pc)
			return;
		if (!old)
			break;
	}
	atomic_inc(&found);
}
EXPORT_SYMBOL_GPL(__sanitizer_cov_trace_pc);
#endif

u32 cover_count(void)
{
	return atomic_read(&found);
}
EXPORT_SYMBOL_GPL(cover_count);

static int pcs_show(struct seq_file *s, void *unused)
{
	unsigned int i;

	for (i = 0; i < SLOTS; i++)
		if (slots[i])
			seq_printf(s, "%#lx\n", slots[i]);
	return 0;
}
DEFINE_SHOW_ATTRIBUTE(pcs);

static int __init cover_init(void)
{
	top = debugfs_create_dir("cover", NULL);
	debugfs_create_file("pcs", 0400, top, NULL, &pcs_fops);
	return 0;
}

static void __exit cover_exit(void)
{
	debugfs_remove(top);
}

module_init(cover_init);
module_exit(cover_exit);
MODULE_DESCRIPTION("Basic blocks of modules that have run");
MODULE_LICENSE("GPL");
