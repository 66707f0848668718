# SPDX-License-Identifier: GPL-2.0-only
"""A Debian guest's balloon is bound in its initramfs, before its root is mounted."""

from lab import check, debian

KERNELS = ("6.12",)
ALSO = ("6.1",)
TIMEOUT = 1500


def _check_bound_early(guest: debian.RootGuest) -> None:
    """The module's first words stand in the log before the root is mounted."""
    log = guest.sh("dmesg")
    loaded, mounted = log.find("mm_hooks"), log.find("EXT4-fs (vda)")
    check(-1 < loaded < mounted, f"not loaded from the initramfs:\n{log[-3000:]}")


def run(kernel: str) -> None:
    """Boot with the initramfs that packaging/install made; it carries the stock driver, too."""
    with debian.RootGuest(kernel, debian.with_package()) as guest:
        guest.booted()
        check(guest.balloon_driver() == "balloon_report",
              f"the device is held by {guest.balloon_driver() or 'no driver'}")
        _check_bound_early(guest)
        guest.sh("grep -q '^virtio_balloon ' /proc/modules")  # loaded, and without a device
        guest.judge()
