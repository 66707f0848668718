# SPDX-License-Identifier: GPL-2.0-only
"""A Debian guest takes the balloon from its disk, and again after it was moved away."""

from lab import check, debian, root

KERNELS = ("6.1",)
ALSO = ("6.12",)
TIMEOUT = 1500


def run(kernel: str) -> None:
    """Boot with the distribution's own initramfs, made before the modules came."""
    with debian.RootGuest(kernel, debian.with_package(), root.base()) as guest:
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
