// SPDX-License-Identifier: GPL-2.0-only
/* A chain on its way to the host and back, one after the other. */
#include "chain.h"

#include <linux/completion.h>
#include <linux/jiffies.h>
#include <linux/module.h>
#include <linux/scatterlist.h>

#include <vmhooks/mm_hooks.h>

#include "counters.h"
#include "mm_hooks_trace.h"

/* How often the reporter looks after a chain that is out. */
#define CHAIN_POLL (HZ / 2)

/*
 * The one chain that is out.  Its owner is whoever runs
 * mm_hooks_chain_report(); the reporter only completes it.
 */
static struct {
	struct mm_hooks_chain chain;
	struct scatterlist sg[MM_HOOKS_CHAIN_MAX];
	struct completion done;
	int status;
} out;

static void chain_done(struct mm_hooks_chain *chain, int status)
{
	out.status = status;
	complete(&out.done);
}

static struct scatterlist *chain_fill(struct scatterlist *sg, unsigned int n)
{
	unsigned int i;

	sg_init_table(out.sg, n);
	out.chain.sg = out.sg;
	out.chain.done = chain_done;
	out.chain.nents = n;
	out.chain.bytes = 0;
	for (i = 0; i < n; i++, sg = sg_next(sg)) {
		sg_set_page(&out.sg[i], sg_page(sg), sg->length, sg->offset);
		out.chain.bytes += sg->length;
	}
	init_completion(&out.done);
	return sg;
}

static void chain_wait(struct mm_hooks_reporter *rep,
		       const unsigned long *stop_by)
{
	unsigned long since = jiffies;
	bool aborted = false;

	while (!wait_for_completion_timeout(&out.done, CHAIN_POLL)) {
		unsigned long stop = READ_ONCE(*stop_by);

		if (aborted)
			continue;
		if (stop && time_after_eq(jiffies, stop)) {
			aborted = true;
			rep->ops->abort(rep);
		} else {
			rep->ops->poll(rep, jiffies_to_msecs(jiffies - since));
		}
	}
}

static int chain_send(struct mm_hooks_reporter *rep,
		      const unsigned long *stop_by)
{
	int err = rep->ops->submit(rep, &out.chain);

	if (!err) {
		chain_wait(rep, stop_by);
		err = out.status;
	}
	if (err) {
		mm_hooks_count(report_errors);
	} else {
		mm_hooks_count(reported_chains);
		mm_hooks_count_add(reported_bytes, out.chain.bytes);
	}
	trace_mm_hooks_chain(rep->name, out.chain.nents, out.chain.bytes, err);
	return err;
}

int mm_hooks_chain_report(struct mm_hooks_reporter *rep, struct scatterlist *sg,
			  unsigned int nents, const unsigned long *stop_by)
{
	unsigned int most = min_t(unsigned int, rep->capacity,
				  MM_HOOKS_CHAIN_MAX);
	int err;

	while (nents) {
		unsigned int n = min(nents, most);

		if (READ_ONCE(*stop_by))
			return -ESHUTDOWN;
		sg = chain_fill(sg, n);
		err = chain_send(rep, stop_by);
		if (err)
			return err;
		nents -= n;
	}
	return 0;
}
