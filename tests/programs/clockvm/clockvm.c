// SPDX-License-Identifier: GPL-2.0-only
/*
 * clockvm: a small VM whose pvclock pages are read from outside.
 *
 *   clockvm [-n VCPUS] COMMAND...
 *
 * Each argument is a command with its numbers. "-" reads more commands from stdin, one
 * per line. "done COMMAND" is printed after each.
 */
#include <inttypes.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "enlighten.h"
#include "look.h"
#include "vm.h"

static struct vm vm;
static struct look look;

static void pause_us(unsigned long long us)
{
	struct timespec time = { (time_t)(us / 1000000), (long)(us % 1000000) * 1000 };

	nanosleep(&time, NULL);
}

/* on: register a kvmclock page for each vCPU and run it. */
static void on(const unsigned long long *a)
{
	(void)a;
	for (int i = 0; i < vm.count; i++)
		must(vm_set_msr(&vm, i, MSR_CLOCK, vm_clock_address(i) | 1), "the clock's MSR");
	look_all(&look, &vm);
	look_reset(&look);
}

/* pages: run all vCPUs and print their pages. */
static void pages(const unsigned long long *a)
{
	(void)a;
	for (int i = 0; i < vm.count; i++) {
		struct clock_page page;

		vm_run(&vm, i);
		page = vm_clock(&vm, i);
		printf("page vcpu=%d version=%u tsc=%" PRIu64 " ns=%" PRId64 " mul=%u shift=%d flags=%u\n",
		       i, page.version, page.tsc, page.ns, page.mul, page.shift, page.flags);
	}
}

/* resnap COUNT PAUSE_US: COUNT masterclock updates. */
static void resnap(const unsigned long long *a)
{
	look_reset(&look);
	for (unsigned long long i = 0; i < a[0]; i++) {
		pause_us(a[1]);
		vm_resnapshot(&vm);
		look_all(&look, &vm);
	}
	look_print(&look);
}

/* nudge COUNT PAUSE_US: 2 * COUNT masterclock updates with the masterclock on. */
static void nudge(const unsigned long long *a)
{
	look_reset(&look);
	for (unsigned long long i = 0; i < a[0]; i++) {
		pause_us(a[1]);
		vm_nudge(&vm);
		look_all(&look, &vm);
	}
	look_print(&look);
}

/* watch COUNT PAUSE_US: read the pages, without masterclock updates. */
static void watch(const unsigned long long *a)
{
	look_reset(&look);
	for (unsigned long long i = 0; i < a[0]; i++) {
		pause_us(a[1]);
		look_all(&look, &vm);
	}
	look_print(&look);
}

/* update COUNT: the host registers the clock of vCPU 0 again, so KVM publishes it. */
static void update(const unsigned long long *a)
{
	for (unsigned long long i = 0; i < a[0]; i++) {
		must(vm_set_msr(&vm, 0, MSR_CLOCK, vm_clock_address(0) | 1), "the clock's MSR");
		vm_run(&vm, 0);
	}
}

/* getclock COUNT: the largest difference between KVM_GET_CLOCK and the page. */
static void getclock(const unsigned long long *a)
{
	int64_t low = 0, high = 0;
	bool exact = false;

	for (unsigned long long i = 0; i < a[0]; i++) {
		int64_t off = look_clock_off(&vm, &exact);

		low = off < low ? off : low;
		high = off > high ? off : high;
	}
	printf("getclock min=%" PRId64 " max=%" PRId64 " exact=%d\n", low, high, exact);
}

/* setclock NS: as a restore does. */
static void setclock(const unsigned long long *a)
{
	struct kvm_clock_data data = { .clock = a[0] };

	must(!ioctl(vm.fd, KVM_SET_CLOCK, &data), "KVM_SET_CLOCK");
}

/* The old MSR of vCPU 0 keeps the masterclock off. */
static void loosen(void)
{
	must(vm_wrmsr(&vm, 0, MSR_CLOCK_OLD, vm_clock_address(0) | 1), "the old MSR");
	vm_run(&vm, 0);
}

/* loose COUNT PAUSE_US: publish COUNT times without the masterclock. */
static void loose(const unsigned long long *a)
{
	for (unsigned long long i = 0; i < a[0]; i++) {
		pause_us(a[1]);
		loosen();
	}
}

static volatile bool racing;

static void *loosen_on(void *unused)
{
	while (racing)
		loosen();
	return unused;
}

/* setrace COUNT: set the clock while KVM publishes it without the masterclock. */
static void setrace(const unsigned long long *a)
{
	unsigned long long i, value, wrong = 0;
	struct kvm_clock_data data;
	pthread_t shower;

	racing = true;
	must(!pthread_create(&shower, NULL, loosen_on, NULL), "a thread");
	for (i = 0; i < a[0]; i++) {
		value = i % 2 ? 1000000000 : 1000000000000000;
		data = (struct kvm_clock_data){ .clock = value };
		must(!ioctl(vm.fd, KVM_SET_CLOCK, &data), "KVM_SET_CLOCK");
		pause_us(200);
		must(!ioctl(vm.fd, KVM_GET_CLOCK, &data), "KVM_GET_CLOCK");
		wrong += data.clock < value || data.clock - value > 500000000000;
	}
	racing = false;
	must(!pthread_join(shower, NULL), "the thread's end");
	printf("setrace sets=%llu wrong=%llu\n", i, wrong);
}

/* wrmsr INDEX VALUE VCPU: by the guest. */
static void wrmsr(const unsigned long long *a)
{
	printf("wrmsr fine=%d\n", vm_wrmsr(&vm, (int)a[2] % vm.count, (uint32_t)a[0], a[1]));
}

/* hostmsr INDEX VALUE VCPU: by the host. */
static void hostmsr(const unsigned long long *a)
{
	printf("hostmsr fine=%d\n", vm_set_msr(&vm, (int)a[2] % vm.count, (uint32_t)a[0], a[1]));
}

/* hv: only before "on", as the CPUID of a vCPU that has run is fixed. */
static void hv(const unsigned long long *a)
{
	(void)a;
	look.hv = hv_enable(&vm);
	printf("hv enabled=%d\n", look.hv);
}

static void xen(const unsigned long long *a)
{
	(void)a;
	look.xen = xen_enable(&vm);
	printf("xen enabled=%d\n", look.xen);
}

static void addvcpu(const unsigned long long *a)
{
	(void)a;
	vm_add_vcpu(&vm);
	must(vm_set_msr(&vm, vm.count - 1, MSR_CLOCK, vm_clock_address(vm.count - 1) | 1),
	     "the clock's MSR");
}

static void pause_ms(const unsigned long long *a)
{
	pause_us(a[0] * 1000);
}

/* A second VM with endless masterclock updates, until it is killed. */
static void resnap_for_ever(void)
{
	struct vm victim;

	vm_create(&victim, 2);
	must(vm_set_msr(&victim, 0, MSR_CLOCK, vm_clock_address(0) | 1), "the clock's MSR");
	for (;;)
		vm_resnapshot(&victim);
}

/* destroy COUNT: kill VMs during their masterclock updates. */
static void destroy(const unsigned long long *a)
{
	for (unsigned long long i = 0; i < a[0]; i++) {
		int status;
		pid_t child = fork();

		must(child >= 0, "fork");
		if (!child)
			resnap_for_ever();
		pause_us(5000 + i * 7919 % 20000);
		kill(child, SIGKILL);
		must(waitpid(child, &status, 0) == child, "waitpid");
		if (!WIFSIGNALED(status)) {
			fprintf(stderr, "clockvm: the victim ended by itself\n");
			exit(1);
		}
	}
}

/* Make a VM and run it with a clock. */
static void begin(struct vm *other)
{
	vm_create(other, 1);
	must(vm_set_msr(other, 0, MSR_CLOCK, vm_clock_address(0) | 1), "the clock's MSR");
	vm_run(other, 0);
}

/* create COUNT: make VMs and close them. */
static void create(const unsigned long long *a)
{
	struct vm other;

	for (unsigned long long i = 0; i < a[0]; i++) {
		begin(&other);
		vm_destroy(&other);
	}
}

/* crowd COUNT: make VMs that stay until the program ends. */
static void crowd(const unsigned long long *a)
{
	struct vm *others = calloc(a[0], sizeof(*others));

	must(others, "memory for VMs");
	for (unsigned long long i = 0; i < a[0]; i++)
		begin(&others[i]);
}

static void quit(const unsigned long long *a)
{
	(void)a;
	printf("done quit\n");
	exit(0);
}

static const struct {
	const char *name;
	void (*run)(const unsigned long long *arguments);
} commands[] = {
	{ "on", on }, { "pages", pages }, { "resnap", resnap }, { "nudge", nudge }, { "watch", watch },
	{ "update", update },
	{ "getclock", getclock }, { "setclock", setclock }, { "wrmsr", wrmsr },
	{ "loose", loose }, { "setrace", setrace },
	{ "hostmsr", hostmsr }, { "hv", hv }, { "xen", xen }, { "addvcpu", addvcpu },
	{ "sleep", pause_ms }, { "destroy", destroy }, { "create", create },
	{ "crowd", crowd }, { "quit", quit },
};

static long long now_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (long long)t.tv_sec * 1000000000 + t.tv_nsec;
}

/* "time COMMAND ...": also print how long the command took. */
static bool timed(char **line)
{
	bool found = !strncmp(*line, "time ", 5);

	*line += found ? 5 : 0;
	return found;
}

static void command(char *line)
{
	bool told = timed(&line);
	long long begun = now_ns();
	unsigned long long arguments[3] = { 0 };
	char *name, *rest, *word;

	name = strtok_r(line, " \n", &rest);
	for (int i = 0; i < 3 && (word = strtok_r(NULL, " \n", &rest)); i++)
		arguments[i] = strtoull(word, NULL, 0);
	for (size_t i = 0; name && i < sizeof(commands) / sizeof(commands[0]); i++) {
		if (strcmp(commands[i].name, name))
			continue;
		commands[i].run(arguments);
		if (told)
			printf("took ns=%lld\n", now_ns() - begun);
		printf("done %s\n", name);
		fflush(stdout);
		return;
	}
	fprintf(stderr, "clockvm: no command %s\n", name ? name : "");
	exit(2);
}

int main(int argc, char **argv)
{
	char line[256];
	int vcpus = 1, option;

	while ((option = getopt(argc, argv, "n:")) == 'n')
		vcpus = atoi(optarg);
	if (option != -1 || optind == argc || vcpus < 1 || vcpus > VM_VCPUS) {
		fprintf(stderr, "usage: clockvm [-n VCPUS] COMMAND...\n");
		return 2;
	}
	vm_create(&vm, vcpus);
	look_reset(&look);
	for (; optind < argc; optind++) {
		if (strcmp(argv[optind], "-"))
			command(argv[optind]);
		else
			while (fgets(line, sizeof(line), stdin))
				command(line);
	}
	return 0;
}
