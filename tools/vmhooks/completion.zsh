#compdef vmhooks
# SPDX-License-Identifier: GPL-2.0-only
# Completion of the command vmhooks for zsh.

local -a commands=(
	'status:whether free memory is reported, and how much'
	'doctor:why memory does not come back, and what to do'
	'flush:report all free memory now, and wait'
	'watch:a live chart of free, reported and reused memory'
	'takeover:move balloon devices to balloon_report'
	'release:move balloon devices to the stock driver'
	'metrics:all counters as Prometheus text'
	'trim:reclaim cold page cache while the guest is idle, then flush'
)

if ((CURRENT == 2)); then
	_describe command commands
	return
fi
case $words[2] in
status | doctor) _arguments '--json[for programs]' ;;
flush) _arguments '--compact' '--drop-caches' '--timeout:seconds:' ;;
watch) _arguments '--interval:seconds:' '--count:number:' ;;
takeover) _arguments '--boot' '--force' '*:device:(/sys/bus/virtio/devices/*(N:t))' ;;
release) _arguments '--force' '*:device:(/sys/bus/virtio/devices/*(N:t))' ;;
metrics) _arguments '--output:file:_files' ;;
trim) _arguments '--now' '--max-mb:number:' '--step-mb:number:' ;;
esac
