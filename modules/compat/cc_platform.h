/* SPDX-License-Identifier: GPL-2.0-only */
/* cc_platform_has() for the one question asked: is guest memory encrypted? */
#ifndef VMHOOKS_COMPAT_CC_PLATFORM_H
#define VMHOOKS_COMPAT_CC_PLATFORM_H

#ifdef VMHOOKS_HAVE_CC_PLATFORM
#include <linux/cc_platform.h>
#else
#include <linux/mem_encrypt.h>
#define CC_ATTR_GUEST_MEM_ENCRYPT 0
#define cc_platform_has(attr) mem_encrypt_active()
#endif

#endif /* VMHOOKS_COMPAT_CC_PLATFORM_H */
