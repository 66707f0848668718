/* SPDX-License-Identifier: GPL-2.0-only */
/* Start the passes for blocks below report_order. */
#ifndef MMH_LOW_WORK_H
#define MMH_LOW_WORK_H

#include <linux/types.h>

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
 * typedef mmh_low_pass - run a pass, and wait for it
 * @order:  its lowest order
 * @ration: reports with blocks below report_order that it may send
 * @result: what it did
 *
 * Context: process, may sleep.
 * Return: 0, or a negative errno where there was no such pass.
 */
typedef int (*mmh_low_pass)(unsigned int order, unsigned int ration,
			    struct mmh_low_result *result);

/**
 * mmh_low_start() - begin to watch the guest
 * @pass: runs a pass
 *
 * Context: process, may sleep.
 */
void mmh_low_start(mmh_low_pass pass);

/**
 * mmh_low_stop() - start no more passes
 *
 * Context: process, may sleep.
 */
void mmh_low_stop(void);

/**
 * mmh_low_soon() - a report has completed, small blocks may be free beside it
 *
 * Context: any.
 */
void mmh_low_soon(void);

/**
 * mmh_low_restart() - observe from here on
 * @flushed: everything is reported, otherwise nothing is
 *
 * Context: process, may sleep.
 */
void mmh_low_restart(bool flushed);

#endif /* MMH_LOW_WORK_H */
