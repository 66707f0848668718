/* SPDX-License-Identifier: GPL-2.0-only */
/* All is reported once more in a guest that goes on from a snapshot. */
#ifndef MM_HOOKS_VMFORK_H
#define MM_HOOKS_VMFORK_H

/* Context: process, after mm_hooks_engine_select().  Return: 0 or a negative errno. */
int mm_hooks_vmfork_init(void);
void mm_hooks_vmfork_exit(void);

#endif /* MM_HOOKS_VMFORK_H */
