# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-only
# Install and uninstall finish or change nothing.  They archive the files that they change
# until they are done.  A run that fails or is interrupted restores them.  After a run that
# was killed, the next run restores them.  Needs common.sh.

undo=/var/lib/vmhooks-undo
kept=$undo/files.tar

# Every file and folder of vmhooks on this machine, one a line, relative to /.
owned_paths() {
	local name path
	name=$(dkms_conf PACKAGE_NAME)
	(
		cd /
		for path in "var/lib/dkms/$name" "usr/src/$name"-[0-9]* etc/modprobe.d/vmhooks.conf \
			etc/initramfs-tools/hooks/vmhooks usr/lib/dracut/modules.d/90vmhooks; do
			if [[ -e $path ]]; then
				echo "$path"
			fi
		done
		our_modules | sed 's|^/||'
	)
}

# Rebuilds the initramfs of these kernels, and records their names for an undo.
rebuild_initramfs() {
	local kernel
	for kernel in "$@"; do
		if [[ ${INITRAMFS:-yes} == no ]]; then
			say "The initramfs of $kernel was left alone, as INITRAMFS=no asks."
		elif [[ -z $(initramfs_tool "$kernel") ]]; then
			say "Kernel $kernel has no initramfs here that could hold the modules, none was rebuilt."
		else
			say "Rebuilding the initramfs of $kernel (some seconds) ..."
			echo "$kernel" >>"$undo/initramfs"
			initramfs_of "$kernel"
		fi
	done
}

# All changes from here on are undone unless end_change runs.
begin_change() {
	exec 9>/run/vmhooks.lock
	flock -w 10 9 || die "Another install or uninstall of vmhooks runs. Nothing was changed."
	if [[ -e $kept ]]; then
		warn "The last run was cut off: what it changed is put back first."
		put_back
	fi
	rm -rf "$undo" "$undo.new"
	mkdir -p "$undo.new"
	owned_paths | tar -C / -c -f "$undo.new/files.tar" -T -
	sync "$undo.new/files.tar"
	mv "$undo.new" "$undo"
	trap undo_change EXIT
	trap 'exit 130' INT
	trap 'exit 143' TERM
	trap 'exit 129' HUP
}

end_change() {
	trap - EXIT
	rm -f "$kept"
	rm -rf "$undo"
}

undo_change() {
	local status=$?
	trap '' INT TERM HUP
	warn "What was there before is put back ..."
	put_back
	warn "Nothing was changed."
	exit "$status"
}

# May be interrupted and run again.
put_back() {
	local kernel kernels changed path
	kernels=$(kernels_with_ours)
	changed=$(cat "$undo/initramfs" 2>/dev/null || true)
	owned_paths | while read -r path; do
		rm -rf "/${path:?}"
	done
	for kernel in $kernels; do
		remove_empty_folders "$kernel"
	done
	tar -C / -x --keep-directory-symlink -f "$kept"
	for kernel in $(printf '%s\n' "$kernels" "$(kernels_with_ours)" | sort -u); do
		depmod "$kernel"
	done
	for kernel in $changed; do
		initramfs_of "$kernel"
	done
	end_change
}

# Restores the modules of kernel $1 and nothing else.
put_back_kernel() {
	local kernel=$1 name
	name=$(dkms_conf PACKAGE_NAME)
	tar -C / -x --keep-directory-symlink -f "$kept" --wildcards "*lib/modules/$kernel/*" \
		"var/lib/dkms/$name/*/$kernel/*" "var/lib/dkms/$name/kernel-$kernel-*" 2>/dev/null || true
	depmod "$kernel"
}
