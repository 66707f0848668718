# SPDX-License-Identifier: GPL-2.0-only
"""A Debian guest binds the balloon in its initramfs, before the root is mounted.

Then a live install moves no device unasked, and a live uninstall returns it to the stock driver.
"""

from collections.abc import Iterator

import pytest

from lab import check
from lab.roots import debian
from lab.suite.parts import shared

KERNELS = ("6.12",)
ALSO = ("6.1",)
pytestmark = [pytest.mark.timeout(1500), pytest.mark.wide]
LEFT = ("ls /etc/modprobe.d/vmhooks.conf /etc/initramfs-tools/hooks/vmhooks /var/lib/dkms/vmhooks "
        "2>/dev/null; find /lib/modules | grep -E '/updates|balloon_report|mm_hooks'; "
        "grep -E '^(balloon_report|mm_hooks|kvmclock_fix) ' /proc/modules")


@pytest.fixture(scope="module", name="guest")
def _guest(kernel: str, request: pytest.FixtureRequest) -> Iterator[debian.RootGuest]:
    """The initramfs that packaging/install made, which has the stock driver, too."""
    with debian.RootGuest(kernel, debian.with_package()) as guest, shared(request, guest):
        guest.booted()
        yield guest


def _check_bound_early(guest: debian.RootGuest) -> None:
    """The first message of the module precedes the mount of the root."""
    log = guest.sh("dmesg")
    loaded, mounted = log.find("mm_hooks"), log.find("EXT4-fs (vda)")
    check(-1 < loaded < mounted, f"not loaded from the initramfs:\n{log[-3000:]}")


def test_dkms_boot_initramfs(guest: debian.RootGuest) -> None:
    """Our driver has the device since the initramfs."""
    check(guest.balloon_driver() == "balloon_report",
          f"the device is held by {guest.balloon_driver() or 'no driver'}")
    _check_bound_early(guest)
    guest.sh("grep -q '^virtio_balloon ' /proc/modules")  # loaded, and without a device
    guest.judge()


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


def test_live_uninstall(guest: debian.RootGuest) -> None:
    """Install over an installation, then uninstall."""
    _check_install(guest)
    said = guest.package("uninstall")
    check("is held by virtio_balloon" in said, f"uninstall said:\n{said}")
    check(guest.balloon_driver() == "virtio_balloon",
          f"after uninstall: {guest.balloon_driver() or 'no driver'}")
    left = guest.try_sh(LEFT)[1]
    check(not left.strip(), f"left behind:\n{left}")
    guest.judge()
