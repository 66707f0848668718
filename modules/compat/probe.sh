#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# Writes a header with the variants of the kernel's interfaces that this kernel has.  It
# compiles one small file for each variant.
#
# usage: probe.sh PROBE-DIR OUTPUT COMPILER [FLAG ...]
#
# Every file PROBE-DIR/NAME.c that compiles gives "#define VMHOOKS_HAVE_NAME 1".
# The controls prove the detector: control_pass.c must compile, and
# control_fail.c must not.  The compiler's messages are kept beside OUTPUT.

set -eu
# tr and the order of "*.c" depend on the locale.
LC_ALL=C
export LC_ALL

dir=$1
out=$2
shift 2
log=${out%.h}.log
object=$out.o

compiler=$1
shift
: >"$log"
trap 'rm -f "$object" "$out.tmp"' EXIT

check() {
	name=$1
	shift
	echo "== $name" >>"$log"
	"$compiler" "$@" -Werror -c "$dir/$name.c" -o "$object" >>"$log" 2>&1
}

if ! check control_pass "$@"; then
	echo "vmhooks: the kernel's headers do not compile a trivial file: see $log" >&2
	exit 1
fi
if check control_fail "$@"; then
	echo "vmhooks: control_fail.c compiles, so the probes are not reliable: see $log" >&2
	exit 1
fi

{
	echo "/* Written by modules/compat/probe.sh: the variants that this kernel has. */"
	for file in "$dir"/*.c; do
		name=$(basename "$file" .c)
		case $name in control_*) continue ;; esac
		if check "$name" "$@"; then
			echo "#define VMHOOKS_HAVE_$name 1" | tr '[:lower:]' '[:upper:]' |
				sed 's/^#DEFINE/#define/'
		else
			echo "/* not here: $name */"
		fi
	done
} >"$out.tmp"
mv "$out.tmp" "$out"
