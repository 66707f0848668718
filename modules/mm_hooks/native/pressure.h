/* SPDX-License-Identifier: GPL-2.0-only */
/* Who wants memory that is in flight waits until it is back. */
#ifndef MM_HOOKS_PRESSURE_H
#define MM_HOOKS_PRESSURE_H

/**
 * pressure_attach() - be told of lack of memory, of isolation, of new memory
 *
 * Context: process, may sleep.
 * Return: 0 or a negative errno.
 */
int pressure_attach(void);

/**
 * pressure_follow() - memory has come: maps and folders follow
 *
 * Context: process, may sleep.
 */
void pressure_follow(void);

/**
 * pressure_detach() - no more
 *
 * Context: process, may sleep.
 */
void pressure_detach(void);

#endif /* MM_HOOKS_PRESSURE_H */
