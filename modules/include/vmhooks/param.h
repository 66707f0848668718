/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Module parameters that are numbers within bounds.
 *
 * A value out of bounds or of the wrong type is refused with one line in the
 * log that names the bounds, and the old value stays.
 */
#ifndef VMHOOKS_PARAM_H
#define VMHOOKS_PARAM_H

#include <linux/errno.h>
#include <linux/kernel.h>
#include <linux/moduleparam.h>
#include <linux/printk.h>
#include <linux/string.h>

/**
 * struct vmhooks_bounded - a parameter with bounds
 * @value: in the unit that the parameter's name ends in
 * @min:   smallest value accepted
 * @max:   largest value accepted
 * @word:  accepted as well, for the value @max + 1; NULL for none
 */
struct vmhooks_bounded {
	unsigned int value;
	unsigned int min;
	unsigned int max;
	const char *word;
};

static inline unsigned int vmhooks_bounded(const struct vmhooks_bounded *b)
{
	return READ_ONCE(b->value);
}

static inline int vmhooks_bounded_set(const char *val,
				      const struct kernel_param *kp)
{
	struct vmhooks_bounded *b = kp->arg;
	unsigned int value = b->max + 1;
	int err = 0;

	if (!b->word || !sysfs_streq(val, b->word)) {
		err = kstrtouint(val, 0, &value);
		if (!err && (value < b->min || value > b->max))
			err = -ERANGE;
	}
	if (err) {
		pr_err("%s=%.20s refused: %s%sa number from %u to %u is needed\n",
		       kp->name, strim((char *)val), b->word ?: "",
		       b->word ? " or " : "", b->min, b->max);
		return err;
	}
	WRITE_ONCE(b->value, value);
	return 0;
}

static inline int vmhooks_bounded_get(char *buffer,
				      const struct kernel_param *kp)
{
	const struct vmhooks_bounded *b = kp->arg;
	unsigned int value = vmhooks_bounded(b);

	return value > b->max ? sprintf(buffer, "%s\n", b->word) :
				sprintf(buffer, "%u\n", value);
}

/* For module_param_cb(), with a struct vmhooks_bounded as its argument. */
static const struct kernel_param_ops __maybe_unused vmhooks_bounded_ops = {
	.set = vmhooks_bounded_set,
	.get = vmhooks_bounded_get,
};

#endif /* VMHOOKS_PARAM_H */
