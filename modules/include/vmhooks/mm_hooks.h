/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The interface of mm_hooks: everything that the other modules may ask of the
 * kernel they run on.
 *
 * A reporter is a driver that can hand blocks of free memory to the host.  The
 * engine isolates blocks, passes them to the reporter in reports, and puts them
 * back when the reporter says that the device has completed the report.
 *
 * A clock client is handed the kernel's timekeeper at every update.
 */
#ifndef VMHOOKS_MM_HOOKS_H
#define VMHOOKS_MM_HOOKS_H

#include <linux/atomic.h>
#include <linux/errno.h>
#include <linux/list.h>
#include <linux/notifier.h>
#include <linux/scatterlist.h>
#include <linux/types.h>

struct page;
struct timekeeper;

/* A report has at most this many ranges. */
#define MMH_REPORT_MAX 32

/*
 * Status of a report whose blocks the device may use for ever: the engine keeps them
 * out of use, also after this module is gone.
 */
#define MMH_LOST (-EOWNERDEAD)

/**
 * struct mmh_report - one buffer with free blocks for the device
 * @sg:    the ranges, a table of its own with an end mark
 * @nents: number of entries in @sg, at least 1
 * @bytes: sum of their lengths
 * @node:  the reporter's, from submit() until mmh_report_done()
 *
 * The blocks belong to the reporter from submit() until mmh_report_done().  No
 * code of the guest reads or writes them in between.
 */
struct mmh_report {
	struct scatterlist *sg;
	unsigned int nents;
	u64 bytes;
	struct list_head node;
};

/**
 * struct mmh_report_counts - what became of reports
 * @reports: completed by the device
 * @bytes:   bytes in them
 * @errors:  refused by the reporter, failed or lost
 */
struct mmh_report_counts {
	atomic64_t reports;
	atomic64_t bytes;
	atomic64_t errors;
};

struct mmh_reporter;

/**
 * struct mmh_reporter_ops - what a reporter has to know how to do
 * @submit: hand @report to the device, while others may be in flight.  Context:
 *	process, may sleep, one caller at a time.  Return 0 when the report is in
 *	flight: then the reporter calls mmh_report_done() exactly once, from any
 *	context.  A negative errno when it was not accepted: then it does not.
 *	-ENOSPC asks to try again when another report is done.
 * @poll: check the reports in flight, called about twice a second while there is
 *	one.  The place to notice a broken queue.  @waited_ms: how long the oldest
 *	report has been in flight.  Context: process, may sleep.
 * @abort: end the reports in flight.  After the return mmh_report_done() was
 *	called for each of them.  The device can reach none of their blocks any
 *	more.  Exception: those whose status is MMH_LOST.  Context: process,
 *	may sleep, at most once between register and unregister.
 */
struct mmh_reporter_ops {
	int (*submit)(struct mmh_reporter *rep, struct mmh_report *report);
	void (*poll)(struct mmh_reporter *rep, unsigned int waited_ms);
	void (*abort)(struct mmh_reporter *rep);
};

/**
 * struct mmh_reporter - a way to the host
 * @ops:      its functions
 * @name:     for the log and sysfs
 * @capacity: most ranges that one report may have, 1 or more
 * @reported: its reports since the driver made it, with all counts 0; mm_hooks counts
 * @node:     private to mm_hooks
 */
struct mmh_reporter {
	const struct mmh_reporter_ops *ops;
	const char *name;
	unsigned int capacity;
	struct mmh_report_counts reported;
	struct list_head node;
};

/**
 * mmh_reporter_register() - offer a way to the host
 * @rep: the reporter; stays valid until mmh_reporter_unregister()
 *
 * The first one is used, any further one is a standby and takes over when
 * those before it have gone.  submit() may be called before this returns.
 *
 * Context: process, may sleep.
 * Return: 0, -EINVAL for a reporter without capacity, -EOPNOTSUPP when this
 * kernel has no engine, -EBUSY when another driver holds the kernel's page
 * reporting.
 */
int mmh_reporter_register(struct mmh_reporter *rep);

/**
 * mmh_reporter_unregister() - take a way to the host back
 * @rep: the reporter; not registered is no error
 *
 * Waits for the host to acknowledge what is out, for a second; then calls
 * abort().  After the return no function of @rep is called any more.
 *
 * Context: process, may sleep; not from a function of @rep.
 */
void mmh_reporter_unregister(struct mmh_reporter *rep);

/**
 * mmh_report_done() - the device has completed a report, or cannot reach its blocks
 * @report: what submit() was given
 * @status: 0 when the device has completed it, a negative errno when it has
 *	not and never will; MMH_LOST when it has not and may still use the blocks
 *
 * Context: any, hard interrupt included.
 */
void mmh_report_done(struct mmh_report *report, int status);

/**
 * mmh_pages_taken() - a driver has allocated pages for the host
 * @page:  the first of them
 * @order: how many, as they were allocated
 *
 * For the balloon and for free page hinting: such pages are not in use.  The pacer
 * counts them as free memory, and their allocation not at all.  To be called right
 * after the allocation, before its effects are judged.  A page that migration puts
 * into the balloon is taken as well.
 *
 * Context: process.
 * Return: whether the host is known to have discarded all of them before.
 */
bool mmh_pages_taken(struct page *page, unsigned int order);

/**
 * mmh_pages_returned() - a driver is about to free such pages
 * @page:      the first of them
 * @order:     how many
 * @discarded: the host has discarded them, and the guest has not written to them since
 *
 * Each page that was taken is returned once, in whatever pieces.  While they stay free
 * and untouched, what is discarded need not be reported.  mmh_forget() ends that.
 *
 * Context: process.
 */
void mmh_pages_returned(struct page *page, unsigned int order,
			bool discarded);

/**
 * mmh_lose() - pages stay out of use until the guest reboots
 * @pfn:   the first of them
 * @pages: how many
 *
 * A device that ignores a reset may use them at any time.  Memory offlining would try
 * their range again without an end, so mm_hooks refuses it from now on and stays loaded.
 * The engine calls this for reports whose status is MMH_LOST.  Counts lost_bytes.
 *
 * Context: process, may sleep; no lock held within which memory is reclaimed.
 */
void mmh_lose(unsigned long pfn, unsigned long pages);

/**
 * mmh_forget() - report everything once more
 *
 * After the host may have got its copy of the guest's memory back in another
 * state, such as restore from hibernation: every free block counts as not
 * reported again.
 *
 * During a suspend nothing is reported.  Then this takes effect after it, and without a
 * reporter when the next one is attached.  The page_reporting engine waits for blocks in
 * flight at this moment, for five seconds.
 *
 * Context: process, may sleep; a fatal signal interrupts it.
 * Return: 0, -ENODEV when the reporter goes meanwhile, -EOPNOTSUPP without an
 * engine; -EINTR, -ETIMEDOUT: all but what the host holds at this moment.
 */
int mmh_forget(void);

/**
 * struct mmh_clock_client - follows the timekeeper
 * @timekeeper: called at every update with the timekeeper's lock held and
 *	interrupts off: copy and leave, never call ktime_get*().  The kernel may
 *	hand over a shadow: read what is passed and nothing else.
 * @nb: private to mm_hooks
 */
struct mmh_clock_client {
	void (*timekeeper)(struct mmh_clock_client *client,
			   const struct timekeeper *tk);
	struct notifier_block nb;
};

/**
 * mmh_clock_register() - follow the timekeeper
 * @client: stays valid until mmh_clock_unregister()
 *
 * timekeeper() is called once before this returns.
 *
 * Context: process.
 * Return: 0 or a negative errno.
 */
int mmh_clock_register(struct mmh_clock_client *client);

/**
 * mmh_clock_unregister() - stop following
 * @client: what was registered
 *
 * After the return timekeeper() is not running and is not called any more.
 *
 * Context: process, may sleep.
 */
void mmh_clock_unregister(struct mmh_clock_client *client);

#endif /* VMHOOKS_MM_HOOKS_H */
