/* SPDX-License-Identifier: GPL-2.0-only */
/* The blocks of a pass, without the memory that the host has discarded already. */
#ifndef MMH_SEND_H
#define MMH_SEND_H

#include <linux/types.h>

struct scatterlist;

/* After mmh_reports_start().  Context: process, no pass runs. */
void mmh_send_start(void);

/**
 * mmh_send_blocks() - report what the host has not discarded of some blocks
 * @sg:    free blocks, isolated until this returns
 * @nents: how many
 * @bytes: their size
 *
 * Tells the pacer the outcome.
 *
 * Context: the pass, may sleep.
 * Return: 0, -ESHUTDOWN after mmh_reports_stop(), MMH_LOST, or another negative errno.
 */
int mmh_send_blocks(struct scatterlist *sg, unsigned int nents, u64 bytes);

/* The next pass reports everything.  Context: any; a pass may run. */
void mmh_send_forget(void);

#endif /* MMH_SEND_H */
