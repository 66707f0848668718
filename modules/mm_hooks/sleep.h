/* SPDX-License-Identifier: GPL-2.0-only */
/* No reports over a sleep of the guest. */
#ifndef MM_HOOKS_SLEEP_H
#define MM_HOOKS_SLEEP_H

/* Context: process, after mm_hooks_engine_select().  Return: 0 or a negative errno. */
int mm_hooks_sleep_init(void);
void mm_hooks_sleep_exit(void);

#endif /* MM_HOOKS_SLEEP_H */
