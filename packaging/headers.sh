# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-only
# Which package has the headers of a kernel, so that later kernels get theirs as well.

# Flavours of releases without a metapackage here: a pattern and the package.
flavour_headers() {
	case $1 in
	*+*-amd64 | *+*-arm64 | *+*-arm64-16k) echo "linux-headers-$1" ;;
	*-arm64-16k) echo linux-headers-arm64-16k ;;
	*-cloud-amd64 | *-cloud-arm64) echo "linux-headers-cloud-${1##*-}" ;;
	*-rt-amd64 | *-rt-arm64) echo "linux-headers-rt-${1##*-}" ;;
	*-amd64 | *-arm64) echo "linux-headers-${1##*-}" ;;
	*-pve) echo proxmox-default-headers ;;
	[0-9]*-[0-9]*-[a-z]*) echo "linux-headers-${1##*[0-9]-}" ;;
	*) echo "linux-headers-$1" ;;
	esac
}

# The installed metapackage that depends on the image of kernel $1.
image_metapackage() {
	dpkg-query -W -f '${db:Status-Status} ${Package} ${Depends}\n' 'linux-image-*' \
		'proxmox-default-kernel' 2>/dev/null |
		awk -v "image=linux-image-$1" '$1 == "installed" && $2 != image {
			for (i = 3; i <= NF; i++)
				if ($i == image || $i == image ",") { print $2; exit }
		}'
}

# The package with the headers of kernel $1: the metapackage of its flavour, if there is one.
headers_package() {
	local image
	image=$(image_metapackage "$1")
	case $image in
	linux-image-*) echo "linux-headers-${image#linux-image-}" ;;
	*) flavour_headers "$1" ;;
	esac
}
