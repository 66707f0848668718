/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Included before each source file of the modules.
 *
 * The core is written for the newest kernel.  Each header in this folder adapts one
 * interface of older kernels to it.  The compile probes in probes/ decide (probed.h),
 * never a version.
 */
#ifndef VMHOOKS_COMPAT_H
#define VMHOOKS_COMPAT_H

#include "probed.h"

/* Each log message begins with the name of its module. */
#undef pr_fmt
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#ifndef VMHOOKS_HAVE_PAGE_REPORTING
#error "vmhooks needs Linux 5.10 or newer with its page reporting: see modules/compat/probed.log"
#endif

#if defined(CONFIG_MM_HOOKS) && !defined(VMHOOKS_HAVE_MM_HOOKS)
#error "this kernel's companion patch is of another version: see modules/compat/probed.log"
#endif

#endif /* VMHOOKS_COMPAT_H */
