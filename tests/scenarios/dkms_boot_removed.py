# SPDX-License-Identifier: GPL-2.0-only
"""After uninstall, and after dkms remove, a Debian guest boots with the stock driver."""

from lab import check, debian, root

KERNELS = ("6.12",)
TIMEOUT = 1500


def _check_stock(guest: debian.RootGuest) -> None:
    guest.booted()
    check(guest.balloon_driver() == "virtio_balloon",
          f"the device is held by {guest.balloon_driver() or 'no driver'}")
    check("mm_hooks" not in guest.sh("dmesg"), "our modules were loaded")
    check(guest.try_sh("modprobe balloon_report")[0] != 0, "modprobe found balloon_report")
    guest.judge()


def run(kernel: str) -> None:
    """Boot with the initramfs that packaging/uninstall made, and with Debian's own."""
    with debian.RootGuest(kernel, debian.without_package()) as guest:
        _check_stock(guest)
    with debian.RootGuest(kernel, debian.after_dkms_remove(), root.base()) as guest:
        _check_stock(guest)
