// SPDX-License-Identifier: GPL-2.0-only
/* A clock besides kvmclock in this guest, to measure the rate of kvmclock with. */
#include "reference.h"

#include <linux/kvm_para.h>
#include <linux/slab.h>
#include <linux/time64.h>

#include <asm/tsc.h>
#include <uapi/linux/kvm_para.h>

#include "snapshot.h"
#include "vmclock.h"

/* The hypervisor's own time, without a call. */
static bool read_vmclock(u64 *tsc, s64 *ns)
{
	struct kf_vmclock clock;

	if (!kf_vmclock_read(&clock) || !clock.timed)
		return false;
	*tsc = rdtsc_ordered();
	*ns = kf_vmclock_ns(&clock, *tsc);
	return (s64)(*tsc - clock.tsc) >= 0;
}

/* The host's wall clock at a TSC of this guest. */
static bool read_host(u64 *tsc, s64 *ns)
{
	struct kvm_clock_pairing *pairing;
	bool valid;

	if (!IS_ENABLED(CONFIG_KVM_GUEST) || !kvm_para_available())
		return false;
	pairing = kzalloc(sizeof(*pairing), GFP_KERNEL);
	if (!pairing)
		return false;
	valid = !kvm_hypercall2(KVM_HC_CLOCK_PAIRING, virt_to_phys(pairing),
				KVM_CLOCK_PAIRING_WALLCLOCK);
	*tsc = pairing->tsc;
	*ns = pairing->sec * NSEC_PER_SEC + pairing->nsec;
	kfree(pairing);
	return valid;
}

const char *kf_reference_read(u64 *tsc, s64 *ns)
{
	if (read_vmclock(tsc, ns))
		return "vmclock";
	if (kf_snapshot_base(tsc, ns))
		return "tsc";
	return read_host(tsc, ns) ? "ptp_kvm" : NULL;
}
