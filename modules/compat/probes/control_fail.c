// SPDX-License-Identifier: GPL-2.0-only
/* Control: must compile on no kernel. */
#include <linux/module.h>

int vmhooks_probe(void);
int vmhooks_probe(void)
{
	return vmhooks_no_such_function(PAGE_SIZE);
}
