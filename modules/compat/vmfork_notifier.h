/* SPDX-License-Identifier: GPL-2.0-only */
/* The notifier of Linux 5.18 for a guest that was restored from a snapshot. */
#ifndef VMHOOKS_COMPAT_VMFORK_NOTIFIER_H
#define VMHOOKS_COMPAT_VMFORK_NOTIFIER_H

#include <linux/random.h>

#ifndef VMHOOKS_HAVE_VMFORK_NOTIFIER
struct notifier_block;

/* Never called, as on later kernels without CONFIG_VMGENID. */
static inline int register_random_vmfork_notifier(struct notifier_block *nb)
{
	return 0;
}

static inline int unregister_random_vmfork_notifier(struct notifier_block *nb)
{
	return 0;
}
#endif

#endif /* VMHOOKS_COMPAT_VMFORK_NOTIFIER_H */
