#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# dracut module, placed and removed by vmhooks: an initramfs carries
# balloon_report, so that it binds before the stock driver.

# Nothing for a crash kernel, which has no memory to give: the modules of kdump are
# named kdump or kdumpbase.  Nothing for a kernel for which vmhooks is not installed.
check() {
	case " ${dracutmodules-} ${add_dracutmodules-} ${force_add_dracutmodules-} " in
	*" kdump"*) return 1 ;;
	esac
	LC_ALL=C PATH=$PATH:/usr/sbin:/sbin modinfo -k "${kernel:?}" balloon_report >/dev/null 2>&1
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
