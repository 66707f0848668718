/* SPDX-License-Identifier: GPL-2.0-only */
/* The host side: attached to KVM while KVM is loaded. */
#ifndef KVMCLOCK_FIX_HOST_H
#define KVMCLOCK_FIX_HOST_H

#include <linux/kconfig.h>

#if IS_ENABLED(CONFIG_KVM)
/**
 * kf_host_init() - audit and correct guest clocks while KVM is loaded
 *
 * Context: process, may sleep; after kf_snapshot_init().
 * Return: 0 or a negative errno.
 */
int kf_host_init(void);

/* Detaches from KVM.  Context: process, may sleep. */
void kf_host_exit(void);

/* Context: process.  Return: the attached hooks: "none", "tracepoint" or "patch". */
const char *kf_host_hooks(void);
#else
static inline int kf_host_init(void)
{
	return 0;
}

static inline void kf_host_exit(void)
{
}

static inline const char *kf_host_hooks(void)
{
	return "none";
}
#endif

#endif /* KVMCLOCK_FIX_HOST_H */
