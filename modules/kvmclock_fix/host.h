/* SPDX-License-Identifier: GPL-2.0-only */
/* The clocks that this host shows its guests: looked at, on every kernel. */
#ifndef KVMCLOCK_FIX_HOST_H
#define KVMCLOCK_FIX_HOST_H

/**
 * kf_host_init() - look at guests' clocks from now on, and whenever KVM is loaded
 *
 * Context: process.
 * Return: 0 or a negative errno.
 */
int kf_host_init(void);
void kf_host_exit(void);

/* Which hooks there are: "none", "tracepoint" or "patch". */
const char *kf_host_hooks(void);

#endif /* KVMCLOCK_FIX_HOST_H */
