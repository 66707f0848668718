/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What every source file of the modules sees first.
 *
 * The core is written for the newest kernel.  The headers beside this one make
 * an older kernel look like it, each for one interface, by what the compile
 * probes in probes/ found (probed.h), never by a version.
 */
#ifndef VMHOOKS_COMPAT_H
#define VMHOOKS_COMPAT_H

#include "probed.h"

/* Every line in the log names its module. */
#undef pr_fmt
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#ifndef VMHOOKS_HAVE_PAGE_REPORTING
#error "vmhooks needs Linux 5.10 or newer with its page reporting: see modules/compat/probed.log"
#endif

#if defined(CONFIG_MM_HOOKS) && !defined(VMHOOKS_HAVE_MM_HOOKS)
#error "this kernel's companion patch is of another version: see modules/compat/probed.log"
#endif

#endif /* VMHOOKS_COMPAT_H */
