// SPDX-License-Identifier: GPL-2.0-only
/* Checks of the kernel, the device and its driver. */
#include <string.h>

#include "doctor.h"

#define HOST_SETTING "QEMU: -device virtio-balloon-pci,free-page-reporting=on; " \
	"libvirt: <memballoon model='virtio' freePageReporting='on'/>"

static bool has_no_device(const struct state *state, struct finding *finding)
{
	if (state->num_devices)
		return false;
	doctor_what(finding, "this machine has no virtio balloon device");
	doctor_todo(finding, "give the guest one, on the host: %s", HOST_SETTING);
	return true;
}

/* A device, and none is bound to our driver. */
static bool is_without_ours(const struct state *state)
{
	return state->num_devices && !doctor_ours(state);
}

static bool is_loaded(void)
{
	return sys_exists("/sys/module/" OURS) || sys_exists(DRIVERS "/" OURS);
}

static bool is_installed(const struct state *state)
{
	return is_loaded() ||
	       sys_has("/" OURS ".ko", "/lib/modules/%s/modules.dep", state->kernel) ||
	       sys_has("/" OURS ".ko", "/lib/modules/%s/modules.builtin", state->kernel);
}

static bool is_not_installed(const struct state *state, struct finding *finding)
{
	if (!is_without_ours(state) || is_installed(state))
		return false;
	doctor_what(finding, "kernel %s has no module %s", state->kernel, OURS);
	if (sys_exists("/lib/modules/%s/build/Makefile", state->kernel))
		doctor_todo(finding, "install vmhooks-dkms, or see why the build failed: dkms status, /var/lib/dkms/vmhooks/*/build/make.log");
	else
		doctor_todo(finding, "its headers are missing, from which DKMS builds: install them, then dkms autoinstall");
	return true;
}

struct search {
	const char *folder;
	bool found;
};

static void search_file(const char *name, void *data)
{
	struct search *search = data;
	static const char *const texts[] = {
		"blacklist " OURS, "blacklist mm_hooks", "install " OURS " /bin/",
		"install mm_hooks /bin/",
	};
	size_t i;

	for (i = 0; i < ARRAY_SIZE(texts); i++)
		search->found |= sys_has(texts[i], "%s/%s", search->folder, name);
}

/* Names in the kernel's command line are separated by commas, and - stands for _. */
static bool is_in_command_line(void)
{
	char text[4096], *word, *words = text;

	sys_read(text, sizeof(text), "/proc/cmdline");
	while ((word = strsep(&words, " ")))
		if ((strstr(word, "module_blacklist=") || strstr(word, "modprobe.blacklist=")) &&
		    (strstr(word, OURS) || strstr(word, "mm_hooks")))
			return true;
	return false;
}

static bool is_blacklisted(const struct state *state, struct finding *finding)
{
	static const char *const folders[] = {
		"/etc/modprobe.d", "/run/modprobe.d", "/usr/lib/modprobe.d",
	};
	size_t i;

	if (!is_without_ours(state) || is_loaded())
		return false;
	for (i = 0; i < ARRAY_SIZE(folders); i++) {
		struct search search = { folders[i], false };

		sys_each(folders[i], "*.conf", search_file, &search);
		if (search.found) {
			doctor_what(finding, "a file in %s keeps the modules from being loaded",
				    folders[i]);
			doctor_todo(finding, "remove its line with %s or mm_hooks, then: vmhooks takeover",
				    OURS);
			return true;
		}
	}
	if (!is_in_command_line())
		return false;
	doctor_what(finding, "the kernel's command line blacklists the modules");
	doctor_todo(finding, "remove them from module_blacklist= and modprobe.blacklist=, then reboot");
	return true;
}

/* What makes the kernel reject modules without a trusted signature, or NULL. */
static const char *enforcer(void)
{
	char text[SYS_VALUE];

	sys_read(text, sizeof(text), "/sys/module/module/parameters/sig_enforce");
	if (*text == 'Y')
		return "module.sig_enforce";
	sys_read(text, sizeof(text), "/sys/kernel/security/lockdown");
	if (strstr(text, "[integrity]") || strstr(text, "[confidentiality]"))
		return "lockdown, as with Secure Boot";
	return NULL;
}

static bool is_refused(const struct state *state, struct finding *finding)
{
	const char *by = enforcer();

	if (!by || !is_without_ours(state) || is_loaded() || !is_installed(state))
		return false;
	doctor_what(finding, "the kernel loads only modules with a trusted signature (%s), and ours are not loaded",
		    by);
	doctor_todo(finding, "enrol the key of DKMS: mokutil --import /var/lib/dkms/mok.pub, then reboot (secure-boot.md); dmesg says what was refused");
	return true;
}

static bool stock_is_built_in(const struct state *state)
{
	return sys_has("/" STOCK ".ko", "/lib/modules/%s/modules.builtin", state->kernel);
}

static bool is_built_in(const struct state *state, struct finding *finding)
{
	if (!is_without_ours(state) || !stock_is_built_in(state) || !is_installed(state))
		return false;
	doctor_what(finding, "this kernel has %s built in, which binds the device before any module is loaded",
		    STOCK);
	doctor_todo(finding, "now: vmhooks takeover; at each boot: systemctl enable vmhooks-takeover.service");
	return true;
}

/* Only where no other check has the reason. */
static bool is_stock_first(const struct state *state, struct finding *finding)
{
	const struct device *device = &state->devices[0];

	if (!is_without_ours(state) || !is_installed(state) || stock_is_built_in(state) ||
	    !*device->driver || is_blacklisted(state, finding) || is_refused(state, finding))
		return false;
	doctor_what(finding, "%s is bound to %s: the initramfs or a script has loaded it first",
		    device->name, device->driver);
	doctor_todo(finding, "now: vmhooks takeover; for the next boot: update-initramfs -u (dracut --force)");
	return true;
}

static bool has_no_driver(const struct state *state, struct finding *finding)
{
	const struct device *device = &state->devices[0];

	if (!is_without_ours(state) || *device->driver || !is_installed(state))
		return false;
	doctor_what(finding, "no driver is bound to %s", device->name);
	doctor_todo(finding, "vmhooks takeover; if that fails, dmesg says why");
	return true;
}

/* Our driver says why it does not report. */
static bool does_not_report(const struct state *state, struct finding *finding, const char *word)
{
	const struct device *device = doctor_ours(state);

	if (!device || !strstr(device->why_not, word))
		return false;
	doctor_what(finding, "%s does not report: %s", device->name, device->why_not);
	return true;
}

static bool is_not_offered(const struct state *state, struct finding *finding)
{
	if (!does_not_report(state, finding, "does not offer"))
		return false;
	doctor_todo(finding, "switch it on, on the host: %s", HOST_SETTING);
	return true;
}

static bool is_switched_off(const struct state *state, struct finding *finding)
{
	if (!does_not_report(state, finding, "reporting=0"))
		return false;
	doctor_todo(finding, "remove reporting=0 from the options of %s in /etc/modprobe.d or the kernel's command line, then reboot",
		    OURS);
	return true;
}

static bool is_poisoned(const struct state *state, struct finding *finding)
{
	if (!does_not_report(state, finding, "poison") &&
	    !does_not_report(state, finding, "keep their contents"))
		return false;
	doctor_todo(finding, "boot without page_poison=1 and init_on_free=1, or see report_poisoned in parameters.md");
	return true;
}

static bool is_encrypted(const struct state *state, struct finding *finding)
{
	if (!does_not_report(state, finding, "encrypted"))
		return false;
	doctor_todo(finding, "nothing: a confidential guest gives no memory away");
	return true;
}

/* A reason that no other check knows. */
static bool is_off(const struct state *state, struct finding *finding)
{
	static const char *const known[] = {
		"none", "does not offer", "reporting=0", "poison", "keep their contents",
		"encrypted", "not live", "no engine",
	};
	size_t i;

	for (i = 0; i < ARRAY_SIZE(known); i++)
		if (does_not_report(state, finding, known[i]))
			return false;
	if (!does_not_report(state, finding, " "))
		return false;
	doctor_todo(finding, "the kernel's log says more: dmesg");
	return true;
}

static bool has_no_engine(const struct state *state, struct finding *finding)
{
	if (strcmp(state->hooks.engine, "none"))
		return false;
	doctor_what(finding, "the kernel has neither CONFIG_PAGE_REPORTING nor the companion patch");
	doctor_todo(finding, "use a kernel with CONFIG_PAGE_REPORTING=y, as Debian's are");
	return true;
}

static bool is_silent(const struct state *state, struct finding *finding)
{
	const struct device *device = doctor_ours(state);

	if (!device || (!device->host_timeouts && !device->report_errors &&
			(!*device->state || !strcmp(device->state, "live"))))
		return false;
	doctor_what(finding, "the host is silent or slow: %s is %s, %llu waits without an answer, %llu failed reports",
		    device->name, device->state, (unsigned long long)device->host_timeouts,
		    (unsigned long long)device->report_errors);
	doctor_todo(finding, "%s", strcmp(device->state, "lost") ?
		    "see the host's log; the driver restarts the device by itself" :
		    "the device ignores resets: reboot the guest");
	return true;
}

const struct check doctor_driver[] = {
	{ "no_device", true, has_no_device },
	{ "not_installed", true, is_not_installed },
	{ "blacklisted", true, is_blacklisted },
	{ "signature", true, is_refused },
	{ "built_in", true, is_built_in },
	{ "stock_first", true, is_stock_first },
	{ "no_driver", true, has_no_driver },
	{ "no_engine", true, has_no_engine },
	{ "not_offered", true, is_not_offered },
	{ "switched_off", true, is_switched_off },
	{ "poisoning", true, is_poisoned },
	{ "confidential", true, is_encrypted },
	{ "not_reporting", true, is_off },
	{ "host_silent", true, is_silent },
	{ 0 },
};
