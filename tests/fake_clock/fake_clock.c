// SPDX-License-Identifier: GPL-2.0-only
/*
 * fake_clock: write invalid pvclock pages inside a guest, as a bad host would.
 *
 *   echo 1 4 1000 -5 >/sys/module/fake_clock/parameters/show
 *
 * writes the page of CPU 1: version 4, tsc_timestamp 1000, system_time -5 ns. Optional
 * further numbers are tsc_to_system_mul, tsc_shift and flags. Their defaults make a
 * stable clock with one nanosecond per cycle. The module writes to the pages of a real
 * host, until the host overwrites them. Without these it allocates a page for each CPU.
 *
 *   echo 100 >/sys/module/fake_clock/parameters/resnap
 *
 * makes a real host do this many masterclock updates: the old MSR for the page of CPU 0
 * turns the masterclock off, and the new MSR turns it on.
 *
 *   modprobe fake_clock vmclock_at=0xc000000
 *   echo 3 2 7378697629 0 >/sys/module/fake_clock/parameters/vmclock
 *
 * writes the page of a vmclock device at that address: the disruption marker and, unless they are
 * left out, the clock's status, and the period of the TSC in 1 / 2^(64 + SHIFT) seconds. The time
 * is that of the guest's CLOCK_MONOTONIC_RAW at this TSC.
 */
#include <linux/clocksource.h>
#include <linux/cpu.h>
#include <linux/io.h>
#include <linux/kernel.h>
#include <linux/module.h>
#include <linux/mutex.h>
#include <linux/percpu.h>
#include <linux/rcupdate.h>
#include <linux/slab.h>
#include <linux/smp.h>

#include <asm/kvm_para.h>
#include <asm/msr.h>
#include <asm/pvclock.h>
#include <asm/kvmclock.h> /* goes by pvclock.h */

#include "../../modules/kvmclock_fix/vmclock.h"

#define MUL_OF_NS 0x80000000U
#define SHIFT_OF_NS 1
#define RESNAPS_MAX 100000

static DEFINE_MUTEX(lock);	/* writers of pages */
static struct pvclock_vsyscall_time_info *ours;	/* NULL: the pages belong to a real host */

static void write_page(struct pvclock_vcpu_time_info *page,
		       const struct pvclock_vcpu_time_info *next)
{
	WRITE_ONCE(page->version, next->version | 1);
	/* Odd before the rest is written, so that readers retry. */
	virt_wmb();
	page->tsc_timestamp = next->tsc_timestamp;
	page->system_time = next->system_time;
	page->tsc_to_system_mul = next->tsc_to_system_mul;
	page->tsc_shift = next->tsc_shift;
	page->flags = next->flags;
	/* The page is complete before the version becomes even. */
	virt_wmb();
	WRITE_ONCE(page->version, next->version);
}

static int show_set(const char *val, const struct kernel_param *kp)
{
	struct pvclock_vcpu_time_info next = {
		.tsc_to_system_mul = MUL_OF_NS,
		.tsc_shift = SHIFT_OF_NS,
		.flags = PVCLOCK_TSC_STABLE_BIT,
	};
	struct pvclock_vsyscall_time_info *page;
	unsigned int cpu;
	s64 ns;

	if (sscanf(val, "%u %u %llu %lld %u %hhd %hhu", &cpu, &next.version,
		   &next.tsc_timestamp, &ns, &next.tsc_to_system_mul,
		   &next.tsc_shift, &next.flags) < 4)
		return -EINVAL;
	next.system_time = ns;
	if (cpu >= nr_cpu_ids || !cpu_possible(cpu))
		return -ENODEV;
	mutex_lock(&lock);
	page = per_cpu(hv_clock_per_cpu, cpu);
	if (page)
		write_page(&page->pvti, &next);
	mutex_unlock(&lock);
	return page ? 0 : -ENODEV;
}

static const struct kernel_param_ops show_ops = { .set = show_set };
module_param_cb(show, &show_ops, NULL, 0200);
MODULE_PARM_DESC(show, "CPU VERSION TSC NS [MUL [SHIFT [FLAGS]]]: what its page is to say");

static void ask_anew(void *unused)
{
	u32 low, high;

	rdmsr(MSR_KVM_SYSTEM_TIME_NEW, low, high);
	wrmsr(MSR_KVM_SYSTEM_TIME, low, high);
	wrmsr(MSR_KVM_SYSTEM_TIME_NEW, low, high);
}

/* A host writes the page of a CPU before this CPU runs. */
static void run_at_all(void *unused)
{
}

static int resnap_set(const char *val, const struct kernel_param *kp)
{
	unsigned int count;
	int err = kstrtouint(val, 0, &count);

	if (err)
		return err;
	if (count > RESNAPS_MAX)
		return -ERANGE;
	if (ours)
		return -ENODEV;
	while (!err && count--)
		err = smp_call_function_single(0, ask_anew, NULL, true);
	on_each_cpu(run_at_all, NULL, true);
	return err;
}

static const struct kernel_param_ops resnap_ops = { .set = resnap_set };
module_param_cb(resnap, &resnap_ops, NULL, 0200);
MODULE_PARM_DESC(resnap, "How often a real host is to take its master clock anew (0 to 100000)");

static unsigned long vmclock_at;
module_param(vmclock_at, ulong, 0444);
MODULE_PARM_DESC(vmclock_at, "Physical address of the page of a vmclock device (0: none)");

static struct kf_vmclock_abi *vmclock_page;

static void write_vmclock(const struct kf_vmclock_abi *next)
{
	u32 count = le32_to_cpu(vmclock_page->seq_count);

	WRITE_ONCE(vmclock_page->seq_count, cpu_to_le32(count | 1));
	/* Odd before the rest is written, so that readers retry. */
	virt_wmb();
	vmclock_page->magic = cpu_to_le32(KF_VMCLOCK_MAGIC);
	vmclock_page->size = cpu_to_le32(PAGE_SIZE);
	vmclock_page->version = cpu_to_le16(1);
	vmclock_page->counter_id = KF_VMCLOCK_TSC;
	vmclock_page->time_type = KF_VMCLOCK_TAI;
	vmclock_page->clock_status = next->clock_status;
	vmclock_page->disruption_marker = next->disruption_marker;
	vmclock_page->period_shift = next->period_shift;
	vmclock_page->period_frac_sec = next->period_frac_sec;
	vmclock_page->counter_value = next->counter_value;
	vmclock_page->time_sec = next->time_sec;
	/* The page is complete before the count becomes even. */
	virt_wmb();
	WRITE_ONCE(vmclock_page->seq_count, cpu_to_le32((count | 1) + 1));
}

static int vmclock_set(const char *val, const struct kernel_param *kp)
{
	struct kf_vmclock_abi next = { };
	u64 marker, period = 0;

	if (sscanf(val, "%llu %hhu %llu %hhu", &marker, &next.clock_status,
		   &period, &next.period_shift) < 1)
		return -EINVAL;
	next.disruption_marker = cpu_to_le64(marker);
	next.period_frac_sec = cpu_to_le64(period);
	next.counter_value = cpu_to_le64(rdtsc_ordered());
	next.time_sec = cpu_to_le64(ktime_get_raw_ns() / NSEC_PER_SEC);
	if (!vmclock_page)
		return -ENODEV;
	mutex_lock(&lock);
	write_vmclock(&next);
	mutex_unlock(&lock);
	return 0;
}

static const struct kernel_param_ops vmclock_ops = { .set = vmclock_set };
module_param_cb(vmclock, &vmclock_ops, NULL, 0200);
MODULE_PARM_DESC(vmclock, "MARKER [STATUS PERIOD SHIFT]: what the page of vmclock is to say");

static void forget_ours(void)
{
	unsigned int cpu;

	for_each_possible_cpu(cpu)
		per_cpu(hv_clock_per_cpu, cpu) = NULL;
	/* The watchdog reads the page there, with interrupts off. */
	synchronize_rcu();
	kfree(ours);
}

static void forget_vmclock(void)
{
	if (vmclock_page)
		memunmap(vmclock_page);
}

static int __init fake_clock_init(void)
{
	unsigned int cpu;

	if (vmclock_at) {
		vmclock_page = memremap(vmclock_at, sizeof(*vmclock_page),
					MEMREMAP_WB);
		if (!vmclock_page)
			return -ENOMEM;
	}
	if (per_cpu(hv_clock_per_cpu, 0))
		return 0;
	ours = kcalloc(nr_cpu_ids, sizeof(*ours), GFP_KERNEL);
	if (!ours) {
		forget_vmclock();
		return -ENOMEM;
	}
	for_each_possible_cpu(cpu)
		per_cpu(hv_clock_per_cpu, cpu) = &ours[cpu];
	return 0;
}

/* kvmclock_fix, which reads the pages, must be unloaded first. */
static void __exit fake_clock_exit(void)
{
	forget_vmclock();
	if (ours)
		forget_ours();
}

module_init(fake_clock_init);
module_exit(fake_clock_exit);
MODULE_DESCRIPTION("Clock pages of a guest, written by a host that lies, for tests");
MODULE_LICENSE("GPL");
