/* SPDX-License-Identifier: GPL-2.0-only */
/* cc_platform_has() for CC_ATTR_GUEST_MEM_ENCRYPT only. */
#ifndef VMHOOKS_COMPAT_CC_PLATFORM_H
#define VMHOOKS_COMPAT_CC_PLATFORM_H

#ifdef VMHOOKS_HAVE_CC_PLATFORM
#include <linux/cc_platform.h>
#else
#include <linux/mem_encrypt.h>
enum cc_attr { CC_ATTR_GUEST_MEM_ENCRYPT };

static inline bool cc_platform_has(enum cc_attr attr)
{
	return attr == CC_ATTR_GUEST_MEM_ENCRYPT && mem_encrypt_active();
}
#endif

#endif /* VMHOOKS_COMPAT_CC_PLATFORM_H */
