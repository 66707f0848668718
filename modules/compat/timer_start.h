/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The arguments of the timer:timer_start tracepoint.
 *
 * VMHOOKS_TIMER_START_ARGS follows (void *data, struct timer_list *timer) in the parameter
 * list of a probe.  The types must match exactly: with CONFIG_CFI_CLANG a call through
 * another function type is a BUG.
 */
#ifndef VMHOOKS_COMPAT_TIMER_START_H
#define VMHOOKS_COMPAT_TIMER_START_H

#include <linux/timer.h>
#include <linux/tracepoint.h>
#include <trace/events/timer.h>

#if defined(VMHOOKS_HAVE_TIMER_START_BUCKET)
#define VMHOOKS_TIMER_START_ARGS unsigned long bucket_expiry
#elif defined(VMHOOKS_HAVE_TIMER_START_FLAGS)
#define VMHOOKS_TIMER_START_ARGS unsigned long expires, unsigned int flags
#else
#error "timer:timer_start has unknown arguments: see modules/compat/probed.log"
#endif

#endif /* VMHOOKS_COMPAT_TIMER_START_H */
