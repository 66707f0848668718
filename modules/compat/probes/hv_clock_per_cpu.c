// SPDX-License-Identifier: GPL-2.0-only
/* v5.14, "x86/kvmclock: Move this_cpu_pvti into kvmclock.h": exported from there on */
#include <linux/clocksource.h>
#include <linux/percpu.h>

#include <asm/pvclock.h>
#include <asm/kvmclock.h>

int vmhooks_probe(void);
int vmhooks_probe(void)
{
	return per_cpu(hv_clock_per_cpu, 0)->pvti.version;
}
