// SPDX-License-Identifier: GPL-2.0-only
/*
 * /proc/kvmclock_fix: a row for each VM, then one for each of the last VMs that are gone and
 * had bad findings.  See docs/parameters.md.
 */
#include "show.h"

#include <linux/proc_fs.h>
#include <linux/seq_file.h>
#include <linux/time64.h>

#include "snapshot.h"
#include "table.h"

#define FILE_NAME "kvmclock_fix"

/* How the clock of a VM is kept. */
static const char *state_of(const struct kf_vm *vm)
{
	if (!vm->kvm)
		return "untracked";
	if (vm->refused)
		return "refused";
	if (vm->line.away)
		return "away";
	if (vm->tsc.khz && !vm->rates.scale.ratio)
		return "scale_unknown";
	if (!vm->line.valid)
		return "audited";
	return vm->line.cached ? "continued" : "loose";
}

/* Nanoseconds as seconds. */
static void show_seconds(struct seq_file *m, const char *name, u64 ns)
{
	u32 rest;
	u64 seconds = div_u64_rem(ns, NSEC_PER_SEC, &rest);

	seq_printf(m, " %s=%llu.%03u", name, seconds, rest / 1000000);
}

static void show_last(struct seq_file *m, const struct kf_last *last)
{
	seq_printf(m, " last=%s%s%s%s%s",
		   last->found & KF_NEGATIVE ? "negative," : "",
		   last->found & KF_BACKWARDS ? "backwards," : "",
		   last->found & KF_VERSION ? "version," : "",
		   last->found & KF_REFUSED ? "refused," : "",
		   last->found ? "" : "none");
	if (!last->found)
		return;
	seq_printf(m, "%lld", last->ns);
	show_seconds(m, "at", last->at);
}

/* The age of the VM's line, and what the next masterclock update adds to the offset. */
static void measure_line(const struct kf_vm *vm, s64 *age, s64 *pending)
{
	const struct kf_vm_line *vl = &vm->line;
	u64 tsc;
	s64 ns;

	*age = 0;
	*pending = 0;
	if (!vl->valid || !kf_snapshot_base(&tsc, &ns))
		return;
	tsc = kf_scale_cycles(&vm->rates.scale, tsc);
	*age = kf_line_ns(&vl->line, tsc) - vl->line.ns;
	if (vl->cached)
		*pending = kf_line_ns(&vl->page, tsc) - ns - vm->offset;
}

/* The rate at which the line gets ahead of the raw clock, in 0.001 ppm. */
static s64 drift_ppb(const struct kf_rates *rates)
{
	const u64 cycles = kf_scale_cycles(&rates->scale, 1ULL << KF_RATES_BITS);
	u64 seconds = div_u64(kf_rate_ns(&rates->rate, cycles), NSEC_PER_SEC);

	return seconds ? div64_s64(rates->gain, seconds) : 0;
}

static void show_line(struct seq_file *m, const struct kf_vm *vm)
{
	s64 age, pending, ppb = drift_ppb(&vm->rates);

	measure_line(vm, &age, &pending);
	show_seconds(m, "age", max_t(s64, age, 0));
	seq_printf(m, " drift_ns=%lld drift_ppm=%s%lld.%03lld",
		   vm->drift + pending, ppb < 0 ? "-" : "",
		   abs(ppb) / 1000, abs(ppb) % 1000);
}

static void show_counts(struct seq_file *m, const struct kf_counts *c)
{
	unsigned int bin;

	seq_printf(m, " updates=%llu negative=%llu backwards=%llu",
		   c->updates, c->negative, c->backwards);
	seq_printf(m, " rate_changes=%llu version_violations=%llu sets=%llu",
		   c->rate_changes, c->version_violations, c->sets);
	seq_printf(m, " corrected=%llu refused=%llu steps=",
		   c->corrected, c->refused);
	for (bin = 0; bin < KF_STEP_BINS; bin++)
		seq_printf(m, "%s%llu", bin ? "," : "", c->steps[bin]);
}

static void show_vm(struct seq_file *m, struct kf_vm *vm)
{
	struct kf_vm copy;

	raw_spin_lock_irq(&vm->lock);
	copy = *vm;
	raw_spin_unlock_irq(&vm->lock);
	kf_vm_add_clean(vm, &copy.counts);
	seq_printf(m, "pid=%d comm=%s vm=%s", copy.tgid, copy.comm,
		   copy.name[0] ? copy.name : "unknown");
	show_seconds(m, "started", copy.started);
	seq_printf(m, " state=%s", state_of(&copy));
	show_line(m, &copy);
	show_counts(m, &copy.counts);
	show_last(m, &copy.last);
	seq_putc(m, '\n');
}

static int show(struct seq_file *m, void *unused)
{
	struct kf_gone gone;
	struct kf_vm *vm;
	unsigned int i;

	rcu_read_lock();
	list_for_each_entry_rcu(vm, &kf_table_vms, all)
		show_vm(m, vm);
	rcu_read_unlock();
	for (i = 0; kf_table_gone(i, &gone); i++) {
		seq_printf(m, "gone pid=%d comm=%s vm=%s", gone.tgid, gone.comm,
			   gone.name[0] ? gone.name : "unknown");
		show_last(m, &gone.last);
		seq_putc(m, '\n');
	}
	return 0;
}

int kf_show_init(void)
{
	if (IS_ENABLED(CONFIG_PROC_FS) &&
	    !proc_create_single(FILE_NAME, 0444, NULL, show))
		return -ENOMEM;
	return 0;
}

void kf_show_exit(void)
{
	remove_proc_entry(FILE_NAME, NULL);
}
