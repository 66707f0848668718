/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef COVER_H
#define COVER_H

#include <linux/types.h>

/* Number of basic blocks that have run since the module was loaded.  Context: any. */
u32 cover_count(void);

#endif /* COVER_H */
