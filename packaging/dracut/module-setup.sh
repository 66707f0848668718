#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# dracut module, placed and removed by vmhooks: an initramfs carries
# balloon_report, so that it binds before the stock driver.

# Nothing for a kernel for which vmhooks is not installed.
check() {
	LC_ALL=C modinfo -k "${kernel:?}" balloon_report >/dev/null 2>&1
}

depends() {
	return 0
}

installkernel() {
	hostonly='' instmods mm_hooks balloon_report
}

install() {
	inst_simple /etc/modprobe.d/vmhooks.conf
}
