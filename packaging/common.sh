# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-only
# Functions of install and uninstall: messages, the kernel, the balloon device.

export LC_ALL=C
# "su" without a dash leaves the folders of dkms and depmod out of root's PATH.
export PATH="${PATH:-/usr/bin:/bin}:/usr/local/sbin:/usr/sbin:/sbin"

project=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
virtio_devices=/sys/bus/virtio/devices
virtio_drivers=/sys/bus/virtio/drivers
# shellcheck disable=SC2034 # used by the scripts that read this file
ours=balloon_report stock=virtio_balloon

# The value of $1 in dkms.conf, the only place with name, version and kernels.
# $2: the kernel release, if the value depends on it.
dkms_conf() {
	local kernel_source_dir=/lib/modules/${2:-none}/build dkms_tree='' kernelver=''
	: "$kernel_source_dir" "$dkms_tree" "$kernelver"
	# shellcheck source=/dev/null
	(. "$project/dkms.conf" && echo "${!1}")
}

say() {
	echo "vmhooks: $*"
}

warn() {
	echo "vmhooks: $*" >&2
}

die() {
	warn "$*"
	exit 1
}

# Reads settings from arguments NAME=value, as users write them after "make install".
# They can also be in the environment.
read_settings() {
	local setting
	for setting in "$@"; do
		case $setting in
		KVER=* | TAKEOVER=* | INITRAMFS=*) export "${setting?}" ;;
		*) die "$setting is no setting: there are KVER=release, TAKEOVER=1 and INITRAMFS=no." ;;
		esac
	done
}

# The command that installs a package here; $1 names it for Debian, $2 for
# Fedora, $3 for SUSE.
how_to_get() {
	if command -v apt-get >/dev/null; then
		echo "apt install $1"
	elif command -v dnf >/dev/null; then
		echo "dnf install $2"
	elif command -v zypper >/dev/null; then
		echo "zypper install $3"
	else
		echo "your distribution's package $1"
	fi
}

# Whether dpkg manages the modules.
is_packaged() {
	[[ $(dpkg-query -W -f '${db:Status-Status}' vmhooks-dkms 2>/dev/null) == @(installed|unpacked|half-*) ]]
}

# The configuration of kernel release $1, as a file; fails when there is none.
kernel_config() {
	local file
	for file in "/boot/config-$1" "/lib/modules/$1/config" "/lib/modules/$1/build/.config"; do
		if [[ -r $file ]]; then
			echo "$file"
			return 0
		fi
	done
	return 1
}

# Names of the virtio balloon devices (virtio device id 5), one a line.
balloon_devices() {
	local id
	for id in "$virtio_devices"/*/device; do
		if [[ -r $id && $(<"$id") == 0x0005 ]]; then
			basename "$(dirname "$id")"
		fi
	done
}

# The driver that is bound to device $1; nothing if there is none.
holder() {
	local link=$virtio_devices/$1/driver
	if [[ -e $link ]]; then
		basename "$(readlink -f "$link")"
	fi
}

release_device() {
	local driver
	driver=$(holder "$1")
	if [[ -n $driver ]]; then
		echo "$1" >"$virtio_drivers/$driver/unbind"
	fi
}

# Binds the unbound device $1 to driver $2. Loading the module may already bind it.
bind_device() {
	modprobe "$2" || true
	if [[ $(holder "$1") != "$2" && -e $virtio_drivers/$2/bind ]]; then
		echo "$1" >"$virtio_drivers/$2/bind" || true
	fi
	[[ $(holder "$1") == "$2" ]]
}

# The modules of vmhooks on this machine, for all kernels, one a line.
our_modules() {
	find /lib/modules/*/ \( -name 'mm_hooks.ko*' -o -name 'balloon_report.ko*' \
		-o -name 'kvmclock_fix.ko*' \) 2>/dev/null || true
}

# Kernels that have our modules, installed by dkms or otherwise.
kernels_with_ours() {
	our_modules | sed 's|^/lib/modules/\([^/]*\)/.*|\1|' | sort -u
}

remove_empty_folders() {
	find "/lib/modules/$1/updates" -type d -empty -delete 2>/dev/null || true
}

# The tool that rebuilds the initramfs of kernel $1. Prints nothing if there is no
# initramfs, and "none" if there is one but no known tool.
initramfs_tool() {
	if ! compgen -G "/boot/initr*$1*" >/dev/null; then
		return 0
	elif command -v update-initramfs >/dev/null && [[ -e /boot/initrd.img-$1 ]]; then
		echo update-initramfs
	elif command -v dracut >/dev/null; then
		echo dracut
	else
		echo none
	fi
}

# Rebuilds the initramfs of kernel $1.
initramfs_of() {
	case $(initramfs_tool "$1") in
	update-initramfs) update-initramfs -u -k "$1" ;;
	dracut) dracut --force --kver "$1" ;;
	esac
}

# Names the missing tools for these kernels. Fails if a tool is missing.
check_tools() {
	local tool kernel missing=0
	for tool in depmod modprobe rmmod; do
		if ! command -v "$tool" >/dev/null; then
			warn "$tool is missing: $(how_to_get kmod kmod kmod)"
			missing=1
		fi
	done
	for tool in diff find flock tar; do
		if ! command -v "$tool" >/dev/null; then
			warn "$tool is missing."
			missing=1
		fi
	done
	for kernel in "$@"; do
		if [[ ${INITRAMFS:-yes} != no && $(initramfs_tool "$kernel") == none ]]; then
			warn "Neither update-initramfs nor dracut is here to rebuild the initramfs of kernel $kernel: $(how_to_get initramfs-tools dracut dracut), or rebuild it yourself and say INITRAMFS=no."
			missing=1
		fi
	done
	return "$missing"
}

# Reads the dkms status of vmhooks into dkms_knows, as dkms is slow to answer. Each line is
# "VERSION, KERNEL, ARCH: state" or "VERSION: added". dkms 2.8 writes "name, VERSION" and
# dkms 3 "name/VERSION": the name is cut off.
look_at_dkms() {
	local name
	name=$(dkms_conf PACKAGE_NAME)
	dkms_knows=$(dkms status -m "$name" 2>/dev/null | sed -n "s#^${name}\(/\|, \)##p")
}

# "VERSION KERNEL" for each kernel that has it installed, by the last look_at_dkms.
dkms_installed() {
	sed -n 's|^\([^,]*\), \([^,]*\), [^,:]*: installed.*|\1 \2|p' <<<"$dkms_knows"
}

# Versions in any state, by the last look_at_dkms.
dkms_versions() {
	printf '%s\n' "$dkms_knows" | sed 's|[,:].*||; /^$/d' | sort -u
}
