#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# dracut module, installed and removed by vmhooks. It adds balloon_report to the initramfs, so
# that it binds before the stock driver, and the user's options for it.

# Not in a crash kernel, which neither inflates nor reports: the modules of kdump are
# named kdump or kdumpbase.  Not for a kernel for which vmhooks is not installed.
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

# Each file that names a module of ours, as an image for any host lacks the user's files.
install() {
	local file
	for file in /usr/lib/modprobe.d/*.conf /lib/modprobe.d/*.conf /etc/modprobe.d/*.conf; do
		if grep -qsE 'mm_hooks|balloon_report' "${dracutsysrootdir-}$file"; then
			inst_simple "$file"
		fi
	done
}
