/* SPDX-License-Identifier: GPL-2.0-only */
/* Start the passes for blocks below report_order, of either engine. */
#ifndef MMH_LOW_WORK_H
#define MMH_LOW_WORK_H

#include <linux/types.h>

/**
 * struct mmh_low_pass - a pass for small blocks
 * @order:   its lowest order
 * @reports: reports with blocks below report_order that it may send, of MMH_REPORT_MAX
 *	     blocks each
 * @again:   the last one had to stop at its ration, and this one goes on there
 */
struct mmh_low_pass {
	unsigned int order;
	unsigned int reports;
	bool again;
};

/**
 * struct mmh_low_result - what a pass did
 * @bytes: reported
 * @cut:   it had to stop at its ration
 */
struct mmh_low_result {
	u64 bytes;
	bool cut;
};

/**
 * struct mmh_low_ops - an engine's functions for low_work
 * @follow: a check begins.  Return: does the engine report small blocks now?
 * @run:    run a pass, and wait for it.  Return: 0; -EBUSY, and the next check decides
 *	    again; or another negative errno, and the guest has to be quiet for another
 *	    age.
 *
 * Both run in process context and may sleep, one of them at a time.  Neither may wait
 * for a caller of mmh_low_stop().
 */
struct mmh_low_ops {
	bool (*follow)(void);
	int (*run)(const struct mmh_low_pass *pass, struct mmh_low_result *result);
};

/**
 * mmh_low_start() - begin to watch the guest
 * @ops: the engine's functions
 *
 * Context: process, may sleep, while stopped.
 */
void mmh_low_start(const struct mmh_low_ops *ops);

/**
 * mmh_low_stop() - call the functions of the engine no more
 *
 * Waits for a pass that runs.  Nothing happens while stopped.
 *
 * Context: process, may sleep.
 */
void mmh_low_stop(void);

/**
 * mmh_low_soon() - a report has completed, small blocks may be free beside it
 *
 * Context: any but NMI.
 */
void mmh_low_soon(void);

/**
 * mmh_low_restart() - observe from here on
 * @flushed: everything is reported, otherwise nothing is
 *
 * Does not wait for a pass that runs.  Nothing happens while stopped.
 *
 * Context: process, may sleep.
 */
void mmh_low_restart(bool flushed);

#endif /* MMH_LOW_WORK_H */
