// SPDX-License-Identifier: GPL-2.0-only
/*
 * The audit of this guest's own pvclock pages.
 *
 * Every guest_period_ms one CPU reads the pages of all online CPUs from memory, so no CPU
 * is interrupted.  The timer is deferrable: it does not wake an idle guest.  Several
 * changes by the host between two audits count as one.
 *
 * If there is another clock, the rate of the page of CPU 0 is measured with it.  A vmclock device
 * tells when the host has moved or restored the guest, which explains a step.
 */
#include "guest.h"

#include <linux/cpu.h>
#include <linux/cpumask.h>
#include <linux/mutex.h>
#include <linux/printk.h>
#include <linux/ratelimit.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <linux/workqueue.h>

#include "kvmclock_fix_trace.h"
#include "pvclock_page.h"
#include "reference.h"
#include "snapshot.h"
#include "vmclock.h"

static void audit_work_fn(struct work_struct *work);
static DECLARE_DEFERRABLE_WORK(audit_work, audit_work_fn);

/* Protects all data below. */
static DEFINE_MUTEX(guest_lock);
static struct kf_published *published; /* by CPU number; NULL: no audit */
static struct kf_counts counts;
static unsigned int pages;
static unsigned int period_ms;
static const char *reference; /* its name; NULL: there is none */
static bool reading_valid;    /* the next two are */
static struct kf_reading first_reading, last_reading;
static u64 marker; /* of vmclock, before the last audit */
static u64 disruptions;

static void warn_own_page(unsigned int cpu, const struct kf_page *page,
			  unsigned int found, s64 step)
{
	static DEFINE_RATELIMIT_STATE(limit, 10 * HZ, 5);
	char text[KF_FINDING_LENGTH];

	if (!(found & KF_BAD) || !__ratelimit(&limit))
		return;
	kf_page_describe(text, sizeof(text), page, found, step);
	pr_warn("CPU %u: %s%s\n", cpu, text,
		found & KF_DISRUPTED ? "; the host has moved or restored this VM" :
		found & KF_STOPPED ? "; the host has stopped this VM for that long" :
		found & KF_BACKWARDS ? "; no stop of this VM explains it" : "");
}

/* Has the host disrupted this guest since before the last audit? */
static bool is_disrupted(void)
{
	struct kf_vmclock clock;

	return kf_vmclock_read(&clock) && clock.marker != marker;
}

/* What explains a step that goes backwards. */
static unsigned int explain(s64 step, u64 gap_ns)
{
	if (is_disrupted())
		return KF_DISRUPTED | KF_STOPPED;
	return kf_audit_is_stop(step, gap_ns) ? KF_STOPPED : 0;
}

/*
 * The host may be writing the page, on a processor that does not run now.  So a page that
 * cannot be read is a version violation only if the next audit finds the same version.
 */
static void audit_cpu(unsigned int cpu, struct pvclock_vcpu_time_info *clock,
		      const struct kf_epoch *epoch, u64 gap_cycles)
{
	struct kf_page page;
	unsigned int found = KF_VERSION;
	u32 stuck = published[cpu].stuck;
	s64 step = 0;

	if (kf_page_read(&page, clock)) {
		found = kf_audit_page(&published[cpu], &page, epoch, &step);
	} else if (!(page.version & 1) || page.version != stuck) {
		published[cpu].stuck = page.version;
		return;
	}
	if (found & KF_BACKWARDS)
		found |= explain(step, kf_rate_ns(&page.line.rate, gap_cycles));
	/* The rate of the first page is measured between two steps of it. */
	if (!cpu && found & (KF_BAD | KF_RATE_CHANGED))
		reading_valid = false;
	kf_counts_add_page(&counts, found, step);
	trace_kf_page(0, cpu, &page, found, step);
	warn_own_page(cpu, &page, found, step);
}

/* Measures the rate of the first page. */
static void read_reference(void)
{
	struct pvclock_vcpu_time_info *clock = vmhooks_pvclock_page(0);
	const char *name;
	struct kf_page page;
	u64 tsc;

	lockdep_assert_held(&guest_lock);
	name = kf_reference_read(&tsc, &last_reading.reference);
	if (name != reference)
		reading_valid = false;
	reference = name;
	if (!name || !clock || !kf_page_read(&page, clock) ||
	    (s64)(tsc - page.line.tsc) < 0)
		return;
	last_reading.ns = kf_line_ns(&page.line, tsc);
	if (!reading_valid)
		first_reading = last_reading;
	reading_valid = true;
}

/*
 * To be called with the marker as it was before the audit: a disruption during an audit explains
 * what that audit and the next one find.
 */
static void count_disruption(const struct kf_vmclock *clock)
{
	lockdep_assert_held(&guest_lock);
	if (clock->marker == marker)
		return;
	disruptions++;
	reading_valid = false;
	pr_info_ratelimited("the host has moved or restored this VM (vmclock marker %llu, before %llu)\n",
			    clock->marker, marker);
	marker = clock->marker;
}

/* Return: the number of pages. */
static unsigned int audit_cpus(void)
{
	struct kf_vmclock before;
	bool known = kf_vmclock_read(&before);
	struct kf_epoch epoch = { .suspends = READ_ONCE(kf_suspends) };
	u64 gap = kf_snapshot_longest_gap();
	struct pvclock_vcpu_time_info *clock;
	unsigned int cpu, found = 0;

	lockdep_assert_held(&guest_lock);
	cpus_read_lock();
	for_each_online_cpu(cpu) {
		clock = vmhooks_pvclock_page(cpu);
		if (!clock)
			continue;
		audit_cpu(cpu, clock, &epoch, gap);
		found++;
	}
	cpus_read_unlock();
	if (known)
		count_disruption(&before);
	if (found)
		read_reference();
	return found;
}

/* Only while @published is set, so that kf_guest_exit() ends it. */
static void schedule_audit(unsigned int ms)
{
	lockdep_assert_held(&guest_lock);
	mod_delayed_work(system_freezable_wq, &audit_work,
			 msecs_to_jiffies(ms));
}

static void audit_work_fn(struct work_struct *work)
{
	mutex_lock(&guest_lock);
	if (published) {
		pages = audit_cpus();
		schedule_audit(period_ms);
	}
	mutex_unlock(&guest_lock);
}

void kf_guest_set_period(unsigned int ms)
{
	mutex_lock(&guest_lock);
	period_ms = ms;
	if (published)
		schedule_audit(0);
	mutex_unlock(&guest_lock);
}

unsigned int kf_guest_counts(struct kf_counts *copy)
{
	unsigned int count;

	mutex_lock(&guest_lock);
	*copy = counts;
	count = pages;
	mutex_unlock(&guest_lock);
	return count;
}

const char *kf_guest_reference(s64 *ppb, bool *measured)
{
	const char *name;

	mutex_lock(&guest_lock);
	name = reference;
	*measured = reading_valid &&
		    kf_reading_ppb(&first_reading, &last_reading, ppb);
	mutex_unlock(&guest_lock);
	return name ?: "none";
}

bool kf_guest_disruptions(u64 *count)
{
	mutex_lock(&guest_lock);
	*count = disruptions;
	mutex_unlock(&guest_lock);
	return kf_vmclock_exists();
}

/* What the audit can find depends on the guest's clocksource. */
static void log_scope(void)
{
	struct kf_snapshot snap;

	kf_snapshot_read(&snap);
	if (!pages)
		pr_info("clocksource %s, no pvclock page: nothing to audit in this guest\n",
			snap.source);
	else
		pr_info("clocksource %s, %u pvclock pages%s: auditing values, steps, rates and versions, the absolute rate with %s; a clock that the host set counts as a step\n",
			snap.source, pages,
			strcmp(snap.source, "kvm-clock") ? " that it does not use" : "",
			reference ?: "nothing: there is no other clock");
}

void kf_guest_init(unsigned int ms)
{
	struct kf_vmclock clock;

	mutex_lock(&guest_lock);
	kf_vmclock_init();
	if (kf_vmclock_read(&clock))
		marker = clock.marker;
	period_ms = ms;
	published = kcalloc(nr_cpu_ids, sizeof(*published), GFP_KERNEL);
	if (published)
		pages = audit_cpus();
	else
		pr_err("failed to allocate state for %u CPUs: the clock of this guest is not audited\n",
		       nr_cpu_ids);
	log_scope();
	if (!pages) {
		kfree(published);
		published = NULL;
	}
	if (published)
		schedule_audit(period_ms);
	mutex_unlock(&guest_lock);
}

void kf_guest_exit(void)
{
	struct kf_published *old;

	mutex_lock(&guest_lock);
	old = published;
	published = NULL;
	mutex_unlock(&guest_lock);
	cancel_delayed_work_sync(&audit_work);
	kf_vmclock_exit();
	kfree(old);
}
