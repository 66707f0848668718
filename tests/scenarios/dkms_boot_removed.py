# SPDX-License-Identifier: GPL-2.0-only
"""After uninstall a Debian guest boots with the stock driver on the balloon."""

from lab import check, debian

KERNELS = ("6.12",)
TIMEOUT = 1500


def run(kernel: str) -> None:
    """Boot with the initramfs that packaging/uninstall made."""
    with debian.RootGuest(kernel, debian.without_package()) as guest:
        guest.booted()
        check(guest.balloon_driver() == "virtio_balloon",
              f"the device is held by {guest.balloon_driver() or 'no driver'}")
        check("mm_hooks" not in guest.sh("dmesg"), "our modules were loaded")
        check(guest.try_sh("modprobe balloon_report")[0] != 0, "modprobe found balloon_report")
        guest.judge()
