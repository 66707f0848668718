/* SPDX-License-Identifier: GPL-2.0-only */
/* All is reported once more in a guest that goes on from a snapshot. */
#ifndef MMH_VMFORK_H
#define MMH_VMFORK_H

/* Context: process, after mmh_engine_select().  Return: 0 or a negative errno. */
int mmh_vmfork_register(void);
void mmh_vmfork_unregister(void);

#endif /* MMH_VMFORK_H */
