// SPDX-License-Identifier: GPL-2.0-only
/*
 * KVM's clock hooks: found by name when kvm.ko is loaded, or in the kernel where
 * KVM is built in, and detached before it is unloaded.
 *
 * All are tracepoints that KVM keeps to itself, so no header of the kernel says
 * how their probes look.  kvm_pvclock_update has had the same arguments since it
 * was made: read in 5.10, 6.1, 6.12 and 7.3.  The other three are those of the
 * companion patch.
 */
#include <linux/errno.h>
#include <linux/kernel.h>
#include <linux/module.h>
#include <linux/notifier.h>
#include <linux/printk.h>
#include <linux/string.h>
#include <linux/tracepoint.h>

#include <vmhooks/kvm_hooks.h>

static struct hook {
	const char *name;
	unsigned int bit;
	struct tracepoint *tp;	/* while attached */
} hooks[] = {
	/* Goes first: without rebase it would take a new line for a step. */
	{ "kvm_clock_publish_tp", MMH_KVM_PUBLISH },
	{ "kvm_clock_rebase_tp", MMH_KVM_REBASE },
	{ "kvm_clock_base_tp", MMH_KVM_BASE },
	{ "kvm_pvclock_update", MMH_KVM_UPDATE },
};

/*
 * Set around the registration, by module init and exit.  The rest is written by
 * the notifier, which the kernel's tracepoint_module_list_mutex serialises, and
 * before and after it is registered.
 */
static struct mmh_kvm_client *registered;
static struct module *kvm_module;	/* NULL: built in, or not there */
static bool served;			/* coming() has returned 0 */
static bool refused;			/* coming() has not, for this module */
static unsigned int attached;

static void *client_probe(unsigned int bit)
{
	switch (bit) {
	case MMH_KVM_UPDATE:
		return registered->update;
	case MMH_KVM_REBASE:
		return registered->rebase;
	case MMH_KVM_PUBLISH:
		return registered->publish;
	default:
		return registered->base;
	}
}

static void hook_attach(struct tracepoint *tp, struct hook *hook)
{
	int err = tracepoint_probe_register(tp, client_probe(hook->bit),
					    registered);
	if (err) {
		pr_err("cannot attach to %s: error %d; guests' clocks are seen less\n",
		       hook->name, err);
		return;
	}
	hook->tp = tp;
	WRITE_ONCE(attached, attached | hook->bit);
}

static void kvm_detach(void)
{
	unsigned int i;

	if (!served)
		return;
	for (i = 0; i < ARRAY_SIZE(hooks); i++) {
		if (hooks[i].tp)
			tracepoint_probe_unregister(hooks[i].tp,
						    client_probe(hooks[i].bit),
						    registered);
		hooks[i].tp = NULL;
	}
	WRITE_ONCE(attached, 0);
	tracepoint_synchronize_unregister();
	registered->gone(registered);
	served = false;
	kvm_module = NULL;
}

/* Attaches if @tp is one of KVM's hooks and is wanted. */
static void consider(struct tracepoint *tp, void *unused)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(hooks); i++)
		if (!strcmp(tp->name, hooks[i].name))
			break;
	if (i == ARRAY_SIZE(hooks) || !(registered->wanted & hooks[i].bit) ||
	    hooks[i].tp)
		return;
	if (!served && !refused) {
		served = !registered->coming(registered);
		refused = !served;
	}
	if (served)
		hook_attach(tp, &hooks[i]);
}

static void announce(void)
{
	if (served)
		pr_info("attached to KVM: %s\n",
			mmh_kvm_corrects(attached) ?
			"audit and correction" :
			"audit only, correction needs the companion patch");
}

static void consider_module(struct module *mod)
{
	unsigned int i;

	if (served)
		return;
	refused = false;
	for (i = 0; i < mod->num_tracepoints; i++)
		consider(tracepoint_ptr_deref(&mod->tracepoints_ptrs[i]), NULL);
	if (served)
		kvm_module = mod;
	announce();
}

static int on_module(struct notifier_block *nb, unsigned long state, void *data)
{
	struct module *mod = ((struct tp_module *)data)->mod;

	if (state == MODULE_STATE_COMING)
		consider_module(mod);
	else if (state == MODULE_STATE_GOING && mod == kvm_module)
		kvm_detach();
	return NOTIFY_OK;
}

static struct notifier_block module_nb = { .notifier_call = on_module };

int mmh_kvm_register(struct mmh_kvm_client *client)
{
	int err;

	if (registered)
		return -EBUSY;
	registered = client;
	for_each_kernel_tracepoint(consider, NULL);
	announce();
	/* Tells of the modules that are there already, too. */
	err = register_tracepoint_module_notifier(&module_nb);
	if (err) {
		kvm_detach();
		registered = NULL;
	}
	return err;
}
EXPORT_SYMBOL_GPL(mmh_kvm_register);

void mmh_kvm_unregister(struct mmh_kvm_client *client)
{
	/* Says of every module that it goes. */
	unregister_tracepoint_module_notifier(&module_nb);
	kvm_detach();
	registered = NULL;
}
EXPORT_SYMBOL_GPL(mmh_kvm_unregister);

unsigned int mmh_kvm_attached(void)
{
	return READ_ONCE(attached);
}
EXPORT_SYMBOL_GPL(mmh_kvm_attached);
