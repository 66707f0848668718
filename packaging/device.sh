# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-only
# Moves balloon devices back to the stock driver and unloads the modules. Needs common.sh.

# Unbinds each device from our driver. give_back then binds it to the stock driver.
release_ours() {
	local device
	for device in $(balloon_devices); do
		# shellcheck disable=SC2154 # of common.sh
		if [[ $(holder "$device") == "$ours" ]]; then
			if release_device "$device"; then
				say "$device was released by $ours."
			else
				warn "$device could not be released by $ours and stays with it until the next boot."
			fi
		fi
	done
}

# The modules that use mm_hooks come first.
unload_modules() {
	local module
	for module in "$ours" kvmclock_fix mm_hooks; do
		if [[ -d /sys/module/$module ]] && ! rmmod "$module"; then
			warn "$module could not be unloaded and stays until the next boot."
		fi
	done
}

give_back() {
	local device
	for device in $(balloon_devices); do
		# shellcheck disable=SC2154 # of common.sh
		if [[ -z $(holder "$device") ]]; then
			bind_device "$device" "$stock" ||
				warn "$device is without a driver: modprobe $stock did not take it (dmesg says why)."
		fi
		say "The balloon device $device is held by $(holder "$device" | grep . || echo 'no driver')."
	done
}

# The devices have no driver in between, so it cannot be interrupted.
return_devices() {
	trap '' INT TERM HUP
	release_ours
	unload_modules
	give_back
}
