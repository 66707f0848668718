/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef VMHOOKS_FLUSH_H
#define VMHOOKS_FLUSH_H

/* Report all free memory, and wait.  Return: 0 or, after a message, a negative errno. */
int flush_now(unsigned int timeout_s);

#endif /* VMHOOKS_FLUSH_H */
