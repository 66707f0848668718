// SPDX-License-Identifier: GPL-2.0-only
/*
 * The clock that this machine is shown by its host: looked at from inside.
 *
 * Every guest_period_ms one CPU reads the pages of all that are online; pages are
 * memory, so nobody is interrupted.  The timer is deferrable: an idle guest is not
 * woken.  What the host changed several times between two looks counts as one
 * change.
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
#include "page.h"
#include "params.h"
#include "pvclock_page.h"
#include "snapshot.h"

static void look(struct work_struct *work);
static DECLARE_DEFERRABLE_WORK(look_work, look);

/* Covers all below. */
static DEFINE_MUTEX(guest_lock);
static struct kf_seen *seen;	/* for each CPU number; NULL: not looking */
static struct kf_counts counts;
static unsigned int pages;

static void complain(unsigned int cpu, const struct kf_page *page,
		     unsigned int found, s64 step)
{
	static DEFINE_RATELIMIT_STATE(limit, 10 * HZ, 5);
	char wrong[KF_WRONG_LENGTH];

	if (!(found & KF_BAD) || !__ratelimit(&limit))
		return;
	kf_page_wrong(wrong, sizeof(wrong), page, found, step);
	pr_warn("the host has shown CPU %u %s%s\n", cpu, wrong,
		found & KF_BACKWARDS ?
		"; expected if the host stopped this machine for as long" :
		"");
}

/*
 * A page that cannot be read is being written, perhaps by a processor that is not
 * running; it is wrong when it still is at the next look.
 */
static void look_at(unsigned int cpu, struct pvclock_vcpu_time_info *clock,
		    const struct kf_epoch *epoch)
{
	struct kf_page page;
	unsigned int found = KF_VERSION;
	u32 stuck = seen[cpu].stuck;
	s64 step = 0;

	if (kf_page_read(&page, clock)) {
		found = kf_audit(&seen[cpu], &page, epoch, &step);
	} else if (!(page.version & 1) || page.version != stuck) {
		seen[cpu].stuck = page.version;
		return;
	}
	kf_count(&counts, found, step);
	trace_kvmclock_fix_page(0, cpu, &page, found, step);
	complain(cpu, &page, found, step);
}

/* Return: pages that there are. */
static unsigned int look_at_all(void)
{
	struct kf_epoch epoch = { .sleeps = kf_snapshot_sleeps() };
	struct pvclock_vcpu_time_info *clock;
	unsigned int cpu, there = 0;

	lockdep_assert_held(&guest_lock);
	cpus_read_lock();
	for_each_online_cpu(cpu) {
		clock = vmhooks_pvclock_page(cpu);
		if (!clock)
			continue;
		look_at(cpu, clock, &epoch);
		there++;
	}
	cpus_read_unlock();
	return there;
}

/* Under the lock, and only while looking, so that kf_guest_exit() ends it. */
static void look_later(unsigned int ms)
{
	lockdep_assert_held(&guest_lock);
	mod_delayed_work(system_freezable_wq, &look_work, msecs_to_jiffies(ms));
}

static void look(struct work_struct *work)
{
	mutex_lock(&guest_lock);
	if (seen) {
		pages = look_at_all();
		look_later(kf_guest_period_ms());
	}
	mutex_unlock(&guest_lock);
}

void kf_guest_look_again(void)
{
	mutex_lock(&guest_lock);
	if (seen)
		look_later(0);
	mutex_unlock(&guest_lock);
}

unsigned int kf_guest_counts(struct kf_counts *copy)
{
	unsigned int there;

	mutex_lock(&guest_lock);
	*copy = counts;
	there = pages;
	mutex_unlock(&guest_lock);
	return there;
}

static void introduce(void)
{
	struct kf_snapshot snap;

	kf_snapshot_read(&snap);
	if (!pages)
		pr_info("clocksource %s; no clock page of a host: there is nothing to judge from inside\n",
			snap.source);
	else if (!strcmp(snap.source, "kvm-clock"))
		pr_info("clocksource %s, %u pages: negative values, steps, rates and versions are judged; not the absolute rate, for there is no other clock here, nor whether the host set the clock on purpose\n",
			snap.source, pages);
	else
		pr_info("clocksource %s, and %u pages of kvm-clock beside it: negative values, steps, rates and versions of those are judged, which this clocksource does not go by; not whether the host set that clock on purpose\n",
			snap.source, pages);
}

void kf_guest_init(void)
{
	mutex_lock(&guest_lock);
	seen = kcalloc(nr_cpu_ids, sizeof(*seen), GFP_KERNEL);
	if (seen)
		pages = look_at_all();
	else
		pr_err("no memory to look at the pages of %u CPUs: this guest's clock is not looked at\n",
		       nr_cpu_ids);
	introduce();
	if (!pages) {
		kfree(seen);
		seen = NULL;
	}
	if (seen)
		look_later(kf_guest_period_ms());
	mutex_unlock(&guest_lock);
}

void kf_guest_exit(void)
{
	struct kf_seen *done;

	mutex_lock(&guest_lock);
	done = seen;
	seen = NULL;
	mutex_unlock(&guest_lock);
	cancel_delayed_work_sync(&look_work);
	kfree(done);
}
