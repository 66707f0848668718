// SPDX-License-Identifier: GPL-2.0-only
/* v6.7, "mm: shrinker: add infrastructure for dynamically allocating shrinker" */
#include <linux/shrinker.h>

struct shrinker *vmhooks_probe(void);
struct shrinker *vmhooks_probe(void)
{
	struct shrinker *s = shrinker_alloc(0, "probe");

	shrinker_register(s);
	shrinker_free(s);
	return s;
}
