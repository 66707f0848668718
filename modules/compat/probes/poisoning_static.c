// SPDX-License-Identifier: GPL-2.0-only
/* v5.11, "mm, page_poison: use static key more efficiently" */
#include <linux/mm.h>

bool vmhooks_probe(void);
bool vmhooks_probe(void)
{
	return page_poisoning_enabled_static();
}
