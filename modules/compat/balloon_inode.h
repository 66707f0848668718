/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Before v6.0 compaction finds a balloon's operations through an inode.  So each balloon
 * needs one, of an internal file system that is not mounted.
 */
#ifndef VMHOOKS_COMPAT_BALLOON_INODE_H
#define VMHOOKS_COMPAT_BALLOON_INODE_H

#include <linux/balloon_compaction.h>

#if defined(VMHOOKS_HAVE_BALLOON_MOPS) || !defined(CONFIG_BALLOON_COMPACTION)

static inline int vmhooks_balloon_inode_get(struct balloon_dev_info *info)
{
	return 0;
}

static inline void vmhooks_balloon_inode_put(struct balloon_dev_info *info)
{
}

#else
#include <linux/fs.h>
#include <linux/magic.h>
#include <linux/mount.h>
#include <linux/pseudo_fs.h>

static int vmhooks_balloon_fs_context(struct fs_context *fc)
{
	return init_pseudo(fc, BALLOON_KVM_MAGIC) ? 0 : -ENOMEM;
}

static struct file_system_type vmhooks_balloon_fs = {
	.name = "balloon_report",
	.init_fs_context = vmhooks_balloon_fs_context,
	.kill_sb = kill_anon_super,
};

/* i_private keeps the mount, which is released after the inode. */
static inline int vmhooks_balloon_inode_get(struct balloon_dev_info *info)
{
	struct vfsmount *mnt = kern_mount(&vmhooks_balloon_fs);
	struct inode *inode;

	if (IS_ERR(mnt))
		return PTR_ERR(mnt);
	inode = alloc_anon_inode(mnt->mnt_sb);
	if (IS_ERR(inode)) {
		kern_unmount(mnt);
		return PTR_ERR(inode);
	}
	inode->i_private = mnt;
	inode->i_mapping->a_ops = &balloon_aops;
	info->inode = inode;
	return 0;
}

static inline void vmhooks_balloon_inode_put(struct balloon_dev_info *info)
{
	struct vfsmount *mnt;

	if (!info->inode)
		return;
	mnt = info->inode->i_private;
	iput(info->inode);
	info->inode = NULL;
	kern_unmount(mnt);
}
#endif

#endif /* VMHOOKS_COMPAT_BALLOON_INODE_H */
