/* SPDX-License-Identifier: GPL-2.0-only */
/* The clocks that this host shows its guests: corrected, with the companion patch. */
#ifndef KVMCLOCK_FIX_CORRECT_H
#define KVMCLOCK_FIX_CORRECT_H

struct mm_hooks_kvm_client;

/**
 * kf_correct_wanted() - ask for the hooks of the companion patch
 * @client: whose functions to fill in
 *
 * Does nothing on a kernel that was built without the patch.
 */
#if defined(CONFIG_MM_HOOKS) && IS_ENABLED(CONFIG_KVM)
void kf_correct_wanted(struct mm_hooks_kvm_client *client);
#else
static inline void kf_correct_wanted(struct mm_hooks_kvm_client *client)
{
}
#endif

#endif /* KVMCLOCK_FIX_CORRECT_H */
