# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-only
# Completion of the command vmhooks for bash.

_vmhooks_devices() {
	local id
	for id in /sys/bus/virtio/devices/*/device; do
		if [[ -r $id && $(<"$id") == 0x0005 ]]; then
			basename "${id%/device}"
		fi
	done
}

_vmhooks() {
	local word=${COMP_WORDS[COMP_CWORD]} words=
	if ((COMP_CWORD == 1)); then
		words='status doctor flush watch takeover release metrics trim --help --version'
	else
		case ${COMP_WORDS[1]} in
		status | doctor) words=--json ;;
		flush) words='--compact --drop-caches --timeout' ;;
		watch) words='--interval --count' ;;
		takeover) words="--boot --force $(_vmhooks_devices)" ;;
		release) words="--force $(_vmhooks_devices)" ;;
		metrics) words=--output ;;
		trim) words='--now --max-mb --step-mb' ;;
		esac
	fi
	mapfile -t COMPREPLY < <(compgen -W "$words" -- "$word")
}

complete -o default -F _vmhooks vmhooks
