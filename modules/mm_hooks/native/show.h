/* SPDX-License-Identifier: GPL-2.0-only */
/* /sys/kernel/mm_hooks/native: what the native engine has counted. */
#ifndef MM_HOOKS_NATIVE_SHOW_H
#define MM_HOOKS_NATIVE_SHOW_H

struct kobject;

/* See struct mm_hooks_engine. */
int native_show(struct kobject *parent);
void native_hide(struct kobject *parent);

/* Milliseconds since the last pass; native.c. */
unsigned int native_last_pass_ms(void);

#endif /* MM_HOOKS_NATIVE_SHOW_H */
