/* SPDX-License-Identifier: GPL-2.0-only */
/* shrinker_alloc(), shrinker_register() and shrinker_free() as of Linux 6.7. */
#ifndef VMHOOKS_COMPAT_SHRINKER_H
#define VMHOOKS_COMPAT_SHRINKER_H

#include <linux/mm.h>
#include <linux/shrinker.h>
#include <linux/slab.h>

#ifndef VMHOOKS_HAVE_SHRINKER_ALLOC

/* The older structure has no private_data, so a wrapper has it. */
struct vmhooks_shrinker {
	struct shrinker shrinker;
	void *private_data;
	const char *name;
	bool registered;
};

static inline struct vmhooks_shrinker *
vmhooks_shrinker(struct shrinker *shrinker)
{
	return container_of(shrinker, struct vmhooks_shrinker, shrinker);
}

static inline struct shrinker *shrinker_alloc(unsigned int flags,
					      const char *name)
{
	struct vmhooks_shrinker *s = kzalloc(sizeof(*s), GFP_KERNEL);

	if (!s)
		return NULL;
	s->shrinker.flags = flags;
	s->shrinker.seeks = DEFAULT_SEEKS;
	s->name = name;
	return &s->shrinker;
}

static inline void shrinker_register(struct shrinker *shrinker)
{
	struct vmhooks_shrinker *s = vmhooks_shrinker(shrinker);
	int err;

#ifdef VMHOOKS_HAVE_SHRINKER_NAMED
	err = register_shrinker(shrinker, "%s", s->name);
#else
	err = register_shrinker(shrinker);
#endif
	s->registered = !err;
	if (err)
		pr_warn("%s: no shrinker: error %d\n", s->name, err);
}

static inline void shrinker_free(struct shrinker *shrinker)
{
	if (!shrinker)
		return;
	if (vmhooks_shrinker(shrinker)->registered)
		unregister_shrinker(shrinker);
	kfree(vmhooks_shrinker(shrinker));
}

#define vmhooks_shrinker_data(s) (vmhooks_shrinker(s)->private_data)
#else
#define vmhooks_shrinker_data(s) ((s)->private_data)
#endif

#endif /* VMHOOKS_COMPAT_SHRINKER_H */
