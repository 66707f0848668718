// SPDX-License-Identifier: GPL-2.0-only
/* Clock pages as KVM and its guests have them, read for audit.h. */
#include "page.h"

#include <linux/compiler.h>
#include <linux/kernel.h>
#include <linux/processor.h>

#include <asm/barrier.h>
#include <asm/pvclock-abi.h>

/* A page is being written for some instructions; this often it is not. */
#define READ_TRIES 1000

bool kf_page_read(struct kf_page *page,
		  const struct pvclock_vcpu_time_info *clock)
{
	unsigned int tries;
	u32 version;

	for (tries = 0; tries < READ_TRIES; tries++) {
		version = READ_ONCE(clock->version);
		/* The version before all the rest, */
		virt_rmb();
		kf_page_copy(page, clock);
		/* and once more behind it. */
		virt_rmb();
		if (!(version & 1) && version == READ_ONCE(clock->version)) {
			page->version = version;
			return true;
		}
		cpu_relax();
	}
	return false;
}

void kf_page_wrong(char *text, size_t size, const struct kf_page *page,
		   unsigned int found, s64 step)
{
	scnprintf(text, size,
		  "a clock that is wrong:%s%s%s (%lld ns, step %lld ns, version %u)",
		  found & KF_NEGATIVE ? " negative" : "",
		  found & KF_BACKWARDS ? " backwards" : "",
		  found & KF_VERSION ? " version" : "",
		  page->line.ns, step, page->version);
}
