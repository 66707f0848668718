/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The interface of mm_hooks: everything that the other modules may ask of the
 * kernel they run on.
 *
 * A reporter is a driver that can hand blocks of free memory to the host.  The
 * engine takes blocks out of the allocator, passes them to the reporter in
 * chains, and puts them back when the reporter says that the host is done.
 *
 * A clock client is handed the kernel's timekeeper at every update.
 */
#ifndef VMHOOKS_MM_HOOKS_H
#define VMHOOKS_MM_HOOKS_H

#include <linux/bits.h>
#include <linux/errno.h>
#include <linux/list.h>
#include <linux/notifier.h>
#include <linux/scatterlist.h>
#include <linux/types.h>

struct page;
struct timekeeper;

/* A chain holds at most this many blocks. */
#define MM_HOOKS_CHAIN_MAX 32

/*
 * Status of a chain that the host may reach for ever: the engine keeps its blocks
 * out of use, also after this module is gone.
 */
#define MM_HOOKS_LOST (-EOWNERDEAD)

/* What the engine in use can do: mm_hooks_capabilities(). */
#define MM_HOOKS_CAP_REPORT BIT(0) /* free blocks reach a reporter */
#define MM_HOOKS_CAP_PACED  BIT(1) /* delay_ms decides when, not the kernel */
#define MM_HOOKS_CAP_FLUSH  BIT(2) /* mm_hooks_flush() works */
#define MM_HOOKS_CAP_FORGET BIT(3) /* mm_hooks_forget() works */
#define MM_HOOKS_CAP_CLOCK  BIT(4) /* clock clients are served */

/**
 * struct mm_hooks_chain - blocks of free memory on their way to the host
 * @sg:    the blocks, a table of its own with an end mark
 * @nents: number of entries in @sg, at least 1
 * @bytes: sum of their lengths
 * @node:  the reporter's, from submit() until mm_hooks_chain_done()
 * @done:  private to mm_hooks
 *
 * The blocks belong to the reporter from submit() until mm_hooks_chain_done();
 * nobody reads or writes them in between.
 */
struct mm_hooks_chain {
	struct scatterlist *sg;
	unsigned int nents;
	u64 bytes;
	struct list_head node;
	void (*done)(struct mm_hooks_chain *chain, int status);
};

struct mm_hooks_reporter;

/**
 * struct mm_hooks_reporter_ops - what a reporter has to know how to do
 * @submit: hand @chain to the host, while others may be out still.  Context:
 *	process, may sleep, one caller at a time.  Return 0 when the chain is on
 *	its way: then mm_hooks_chain_done() is owed exactly once, from any
 *	context.  A negative errno when the chain was not accepted: then it is
 *	not.  -ENOSPC asks to try again when another chain is done.
 * @poll: look after chains that are still out, called about twice a second
 *	while one is.  The place to notice a broken queue.  @waited_ms: how long
 *	the oldest chain has been out.  Context: process, may sleep.
 * @abort: the engine has to have its blocks back now.  After it has returned
 *	every chain that was out is done.  The host can reach none of them any
 *	more.  Exception: those whose status is MM_HOOKS_LOST.  Context: process,
 *	may sleep, at most once between register and unregister.
 */
struct mm_hooks_reporter_ops {
	int (*submit)(struct mm_hooks_reporter *rep,
		      struct mm_hooks_chain *chain);
	void (*poll)(struct mm_hooks_reporter *rep, unsigned int waited_ms);
	void (*abort)(struct mm_hooks_reporter *rep);
};

/**
 * struct mm_hooks_reporter - a way to the host
 * @ops:      its functions
 * @name:     for the log and sysfs
 * @capacity: most blocks that one chain may have, 1 or more
 * @node:     private to mm_hooks
 */
struct mm_hooks_reporter {
	const struct mm_hooks_reporter_ops *ops;
	const char *name;
	unsigned int capacity;
	struct list_head node;
};

/**
 * mm_hooks_reporter_register() - offer a way to the host
 * @rep: the reporter; stays valid until mm_hooks_reporter_unregister()
 *
 * The first one is used, any further one waits in reserve and takes over when
 * those before it have gone.  submit() may be called before this returns.
 *
 * Context: process, may sleep.
 * Return: 0, -EINVAL for a reporter without capacity, -EOPNOTSUPP when this
 * kernel has no engine, -EBUSY when another driver holds the kernel's page
 * reporting.
 */
int mm_hooks_reporter_register(struct mm_hooks_reporter *rep);

/**
 * mm_hooks_reporter_unregister() - take a way to the host back
 * @rep: the reporter; not registered is no error
 *
 * Waits for the host to acknowledge what is out, for a second; then calls
 * abort().  After the return no function of @rep is called any more.
 *
 * Context: process, may sleep; not from a function of @rep.
 */
void mm_hooks_reporter_unregister(struct mm_hooks_reporter *rep);

/**
 * mm_hooks_chain_done() - the host is done with a chain, or cannot reach it
 * @chain:  what submit() was given
 * @status: 0 when the host has acknowledged it, a negative errno when it has
 *	not and never will; MM_HOOKS_LOST when it has not and may still use it
 *
 * Context: any, hard interrupt included.
 */
void mm_hooks_chain_done(struct mm_hooks_chain *chain, int status);

/**
 * mm_hooks_pages_taken() - a driver has allocated pages for the host
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
bool mm_hooks_pages_taken(struct page *page, unsigned int order);

/**
 * mm_hooks_pages_returned() - a driver is about to free such pages
 * @page:      the first of them
 * @order:     how many
 * @discarded: the host has discarded them, and the guest has not written to them since
 *
 * Each page that was taken is returned once, in whatever pieces.  While they stay free
 * and untouched, what is discarded need not be reported.  mm_hooks_forget() ends that.
 *
 * Context: process.
 */
void mm_hooks_pages_returned(struct page *page, unsigned int order,
			     bool discarded);

/**
 * mm_hooks_lose() - pages stay out of use until the guest reboots
 * @pfn:   the first of them
 * @pages: how many
 *
 * A device that ignores a reset may use them at any time.  Memory offlining would try
 * their range again without an end, so mm_hooks refuses it from now on and stays loaded.
 * The engine calls this for chains whose status is MM_HOOKS_LOST.  Counts lost_bytes.
 *
 * Context: process, may sleep; no lock held within which memory is reclaimed.
 */
void mm_hooks_lose(unsigned long pfn, unsigned long pages);

/**
 * mm_hooks_forget() - report everything once more
 *
 * After the host may have got its copy of the guest's memory back in another
 * state, such as restore from hibernation: every free block counts as not
 * reported again.
 *
 * While the guest goes to sleep nothing is reported; then this counts for the time
 * after it.  The in-tree engine waits for blocks that the host holds at this
 * moment, for five seconds.
 *
 * Context: process, may sleep; a fatal signal interrupts it.
 * Return: 0, -ENODEV without a reporter or when it goes, -EOPNOTSUPP without an
 * engine; -EINTR, -ETIMEDOUT: all but what the host holds at this moment.
 */
int mm_hooks_forget(void);

/**
 * mm_hooks_flush() - report all that can be reported, now
 * @timeout_ms: give up after this long
 *
 * Context: process, may sleep; a signal interrupts it.
 *
 * All that was free at the call is reported after it, but for what cannot be had now:
 * of a zone at its watermark, or isolated.  What is freed meanwhile is too, unless the
 * guest goes on freeing.
 *
 * Return: 0, -ETIMEDOUT, -EINTR, -ENODEV without a reporter or when it goes,
 * -EOPNOTSUPP without an engine, or the error of the reporter.
 */
int mm_hooks_flush(unsigned int timeout_ms);

/**
 * mm_hooks_capabilities() - what the engine in use can do
 *
 * Return: MM_HOOKS_CAP_* bits.
 */
u32 mm_hooks_capabilities(void);

/**
 * struct mm_hooks_clock_client - somebody who follows the timekeeper
 * @timekeeper: called at every update with the timekeeper's lock held and
 *	interrupts off: copy and leave, never call ktime_get*().  The kernel may
 *	hand over a shadow: read what is passed and nothing else.
 * @nb: private to mm_hooks
 */
struct mm_hooks_clock_client {
	void (*timekeeper)(struct mm_hooks_clock_client *client,
			   const struct timekeeper *tk);
	struct notifier_block nb;
};

/**
 * mm_hooks_clock_register() - follow the timekeeper
 * @client: stays valid until mm_hooks_clock_unregister()
 *
 * timekeeper() is called once before this returns.
 *
 * Context: process.
 * Return: 0 or a negative errno.
 */
int mm_hooks_clock_register(struct mm_hooks_clock_client *client);

/**
 * mm_hooks_clock_unregister() - stop following
 * @client: what was registered
 *
 * After the return timekeeper() is not running and is not called any more.
 *
 * Context: process, may sleep.
 */
void mm_hooks_clock_unregister(struct mm_hooks_clock_client *client);

#endif /* VMHOOKS_MM_HOOKS_H */
