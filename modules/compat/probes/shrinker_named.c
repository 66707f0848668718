// SPDX-License-Identifier: GPL-2.0-only
/* v6.0, "mm: shrinkers: provide shrinkers with names" */
#include <linux/mm.h>
#include <linux/shrinker.h>

int vmhooks_probe(struct shrinker *s);
int vmhooks_probe(struct shrinker *s)
{
	return register_shrinker(s, "probe");
}
