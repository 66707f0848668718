/* SPDX-License-Identifier: GPL-2.0-only */
/* /proc/kvmclock_fix: a row for each VM. */
#ifndef KVMCLOCK_FIX_SHOW_H
#define KVMCLOCK_FIX_SHOW_H

#include <linux/kconfig.h>

#if IS_ENABLED(CONFIG_KVM)
/**
 * kf_show_init() - add the file
 *
 * Context: process, may sleep.
 * Return: 0 or -ENOMEM.
 */
int kf_show_init(void);

/* Removes the file.  Context: process, may sleep. */
void kf_show_exit(void);
#else
static inline int kf_show_init(void)
{
	return 0;
}

static inline void kf_show_exit(void)
{
}
#endif

#endif /* KVMCLOCK_FIX_SHOW_H */
