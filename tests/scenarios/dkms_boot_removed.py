# SPDX-License-Identifier: GPL-2.0-only
"""After uninstall and after dkms remove, a Debian guest boots with the stock driver."""

import pytest

from lab import check
from lab.roots import debian, system

KERNELS = ("6.12",)
pytestmark = [pytest.mark.timeout(1500), pytest.mark.wide]


def _check_stock(guest: debian.RootGuest) -> None:
    guest.booted()
    check(guest.balloon_driver() == "virtio_balloon",
          f"the device is held by {guest.balloon_driver() or 'no driver'}")
    check("mm_hooks" not in guest.sh("dmesg"), "our modules were loaded")
    check(guest.try_sh("modprobe balloon_report")[0] != 0, "modprobe found balloon_report")
    guest.judge()


def test_dkms_boot_removed(kernel: str) -> None:
    """Boot the initramfs that packaging/uninstall made."""
    with debian.RootGuest(kernel, debian.without_package()) as guest:
        _check_stock(guest)


@pytest.mark.wide
def test_dkms_remove(kernel: str) -> None:
    """Boot Debian's own initramfs; what dkms remove leaves behind, dkms_remove checks too."""
    with debian.RootGuest(kernel, debian.after_dkms_remove(), system.base()) as guest:
        _check_stock(guest)
