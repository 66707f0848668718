# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-only
# The files of the tree, for packages that are built from a copy. Needs common.sh.

# The files that git lists. Without git, all files except the products of a build.
list_files() {
	# shellcheck disable=SC2154 # of common.sh
	cd "$project" || return
	if ! git -c safe.directory="$project" ls-files --cached --others --exclude-standard 2>/dev/null |
		grep .; then
		find . -type f ! -path './out/*' ! -path '*/.git/*' ! -name '*.o' ! -name '*.ko' \
			! -name '*.mod' ! -name '*.mod.c' ! -name '*.cmd' ! -name 'probed.*' \
			! -path '*/__pycache__/*'
	fi
}

# The time of the last change, so that two builds are equal.
changed_at() {
	if [[ -n ${SOURCE_DATE_EPOCH:-} ]]; then
		echo "$SOURCE_DATE_EPOCH"
	else
		git -c safe.directory="$project" -C "$project" log -1 --format=%ct 2>/dev/null ||
			stat -c %Y "$project/CHANGELOG.md"
	fi
}

# A clean copy of the tree.
copy_tree() {
	local tree=$1 file
	mkdir -p "$tree"
	list_files | while read -r file; do
		[[ ! -e $project/$file ]] || echo "$file"
	done | tar -C "$project" -c --no-recursion --owner=0 --group=0 -T - | tar -C "$tree" -x
}
