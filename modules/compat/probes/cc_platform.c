// SPDX-License-Identifier: GPL-2.0-only
/* v5.16, "arch/cc: Introduce a function to check for confidential computing features" */
#include <linux/cc_platform.h>

bool vmhooks_probe(void);
bool vmhooks_probe(void)
{
	return cc_platform_has(CC_ATTR_GUEST_MEM_ENCRYPT);
}
