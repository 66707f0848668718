// SPDX-License-Identifier: GPL-2.0-only
/* Control: must compile on every kernel. */
#include <linux/module.h>

int vmhooks_probe(void);
int vmhooks_probe(void)
{
	return PAGE_SIZE > 0;
}
