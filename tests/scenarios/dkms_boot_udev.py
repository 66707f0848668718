# SPDX-License-Identifier: GPL-2.0-only
"""A Debian guest loads the driver from its disk, and TAKEOVER=1 moves the device to it."""

import pytest

from lab import check
from lab.roots import debian, system

KERNELS = ("6.1",)
ALSO = ("6.12",)
pytestmark = pytest.mark.timeout(1500)


def test_dkms_boot_udev(kernel: str) -> None:
    """Boot the distribution's own initramfs, which was made before the modules existed."""
    with debian.RootGuest(kernel, debian.with_package(), system.base()) as guest:
        guest.booted()
        check(guest.balloon_driver() == "balloon_report",
              f"the device is held by {guest.balloon_driver() or 'no driver'}")
        log = guest.sh("dmesg")
        check(log.find("mm_hooks") > log.find("EXT4-fs (vda)") > -1,
              f"not loaded from the disk:\n{log[-3000:]}")
        guest.to_stock()
        said = guest.package("install TAKEOVER=1")
        check("is now held by balloon_report" in said, f"install said:\n{said}")
        check(guest.balloon_driver() == "balloon_report", "TAKEOVER=1 did not move the device")
        guest.judge()
