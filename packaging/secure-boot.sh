# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-only
# Secure Boot: whether it is on, and which key must be enrolled. Needs common.sh.

secure_boot_on() {
	local variable
	if [[ $(mokutil --sb-state 2>/dev/null) == *enabled* ]]; then
		return 0
	fi
	for variable in /sys/firmware/efi/efivars/SecureBoot-*; do
		if [[ -r $variable && $(od -An -t u1 -j 4 -N 1 "$variable") -eq 1 ]]; then
			return 0
		fi
	done
	return 1
}

# The certificate that dkms signs with: the last one in its configuration, which is
# shell code, or else the one that dkms makes itself. $1: the kernel release.
# Call it in a subshell.
signing_certificate() {
	local kernelver=$1 mok_certificate='' file
	: "$kernelver"
	set +eu
	for file in /etc/dkms/framework.conf /etc/dkms/framework.conf.d/*.conf; do
		if [[ -r $file ]]; then
			# shellcheck source=/dev/null
			. "$file" >/dev/null
		fi
	done
	if [[ -z $mok_certificate && -e /var/lib/dkms/mok.pub ]]; then
		mok_certificate=/var/lib/dkms/mok.pub
	fi
	echo "${mok_certificate:-/var/lib/shim-signed/mok/MOK.der}"
}

# The output of mokutil decides. Its exit status is 1 for an enrolled key and for errors.
say_enrolment() {
	local key=$1 answer
	answer=$(mokutil --test-key "$key" 2>&1) || true
	case $answer in
	*'already enrolled'* | *'already in db'* | *'trusted keyring'*)
		say "Secure Boot is on and the key that signed the modules is enrolled."
		;;
	*'is already in the enrollment request'*)
		warn "Secure Boot is on and the key that signed the modules waits to be enrolled: reboot and confirm it in MokManager (docs/secure-boot.md)."
		;;
	*'is not enrolled'*)
		warn "Secure Boot is on and the key that signed the modules is not enrolled yet: mokutil --import $key, then reboot (docs/secure-boot.md)."
		;;
	*)
		warn "Secure Boot is on and mokutil does not tell whether $key, whose key signed the modules, is enrolled (${answer//$'\n'/; }): see docs/secure-boot.md."
		;;
	esac
}

# What the user has to do before kernel $1 loads the modules under Secure Boot.
say_secure_boot() {
	# shellcheck disable=SC2154 # of common.sh
	local kernel=$1 module=$ours key
	key=$(signing_certificate "$kernel")
	if ! secure_boot_on; then
		say "Secure Boot is off, so no key has to be enrolled."
	elif [[ -z $(modinfo -k "$kernel" -F signer "$module" 2>/dev/null) ]]; then
		warn "Secure Boot is on and the modules are not signed, so the kernel will refuse them: see docs/secure-boot.md."
	elif ! command -v mokutil >/dev/null; then
		warn "Secure Boot is on and mokutil, which tells whether the key that signed the modules is enrolled, is missing: $(how_to_get mokutil mokutil mokutil), then mokutil --test-key $key, and if it is not, mokutil --import $key and reboot (docs/secure-boot.md)."
	else
		say_enrolment "$key"
	fi
}
