/* SPDX-License-Identifier: GPL-2.0-only */
/* /sys/kernel/mm_hooks/native: what the native engine has counted. */
#ifndef MM_HOOKS_NATIVE_SHOW_H
#define MM_HOOKS_NATIVE_SHOW_H

struct attribute_group;

extern const struct attribute_group native_group;

#endif /* MM_HOOKS_NATIVE_SHOW_H */
