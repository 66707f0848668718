# SPDX-License-Identifier: GPL-2.0-only
"""A live install moves nothing unasked; a live uninstall gives the balloon back."""

from lab import check, debian

KERNELS = ("6.12",)
TIMEOUT = 1500
LEFT = ("ls /etc/modprobe.d/vmhooks.conf /etc/initramfs-tools/hooks/vmhooks /var/lib/dkms/vmhooks "
        "2>/dev/null; find /lib/modules | grep -E '/updates|balloon_report|mm_hooks'; "
        "grep -E '^(balloon_report|mm_hooks|kvmclock_fix) ' /proc/modules")


def _check_install(guest: debian.RootGuest) -> None:
    guest.to_stock()
    said = guest.package("install")
    for command in ("virtio_balloon/unbind", "modprobe balloon_report", "TAKEOVER=1"):
        check(command in said, f"install did not print {command}:\n{said}")
    check(guest.balloon_driver() == "virtio_balloon", "install moved the device unasked")
    guest.sh("device=$(basename /sys/bus/virtio/drivers/virtio_balloon/virtio*); "
             "echo $device > /sys/bus/virtio/drivers/virtio_balloon/unbind; "
             "echo $device > /sys/bus/virtio/drivers/balloon_report/bind")
    check(guest.balloon_driver() == "balloon_report", "the printed commands did not move it")


def run(kernel: str) -> None:
    """Install over what is installed, then uninstall, in a booted guest."""
    with debian.RootGuest(kernel, debian.with_package()) as guest:
        guest.booted()
        _check_install(guest)
        said = guest.package("uninstall")
        check("is held by virtio_balloon" in said, f"uninstall said:\n{said}")
        check(guest.balloon_driver() == "virtio_balloon",
              f"after uninstall: {guest.balloon_driver() or 'no driver'}")
        left = guest.try_sh(LEFT)[1]
        check(not left.strip(), f"left behind:\n{left}")
        guest.judge()
