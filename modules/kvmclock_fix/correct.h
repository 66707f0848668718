/* SPDX-License-Identifier: GPL-2.0-only */
/* The clocks that this host shows its guests: corrected, with the companion patch. */
#ifndef KVMCLOCK_FIX_CORRECT_H
#define KVMCLOCK_FIX_CORRECT_H

#include <linux/types.h>

struct kf_vm;
struct mm_hooks_kvm_client;

/**
 * kf_correct_wanted() - ask for the hooks of the companion patch
 * @client: whose functions to fill in
 *
 * Does nothing on a kernel that was built without the patch.
 */
#if defined(CONFIG_MM_HOOKS) && IS_ENABLED(CONFIG_KVM)
void kf_correct_wanted(struct mm_hooks_kvm_client *client);

/**
 * kf_correct_pending() - by how much a VM's line is ahead of the raw clock and its offset
 * @vm: the VM, or a copy
 *
 * What the next re-snapshot will add to the offset.  Context: any.
 *
 * Return: nanoseconds; 0 where that is not known.
 */
s64 kf_correct_pending(const struct kf_vm *vm);
#else
static inline void kf_correct_wanted(struct mm_hooks_kvm_client *client)
{
}

static inline s64 kf_correct_pending(const struct kf_vm *vm)
{
	return 0;
}
#endif

#endif /* KVMCLOCK_FIX_CORRECT_H */
