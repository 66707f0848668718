# SPDX-License-Identifier: GPL-2.0-only
"""A Debian guest takes the balloon from its disk, and again after it was moved away."""

from lab import check, debian, root

KERNELS = ("6.1", "6.12")
TIMEOUT = 900
TO_STOCK = """device=$(basename /sys/bus/virtio/drivers/balloon_report/virtio*)
echo "$device" > /sys/bus/virtio/drivers/balloon_report/unbind
modprobe virtio_balloon
[ -e /sys/bus/virtio/drivers/virtio_balloon/"$device" ] ||
    echo "$device" > /sys/bus/virtio/drivers/virtio_balloon/bind"""


def run(kernel: str) -> None:
    """Boot with the distribution's own initramfs, made before the modules came."""
    install = f"{debian.PROJECT_IN_ROOT}/packaging/install INITRAMFS=no"
    with debian.RootGuest(kernel, debian.with_package(), root.base()) as guest:
        guest.booted()
        check(guest.balloon_driver() == "balloon_report",
              f"the device is held by {guest.balloon_driver() or 'no driver'}")
        log = guest.sh("dmesg")
        check(log.find("mm_hooks") > log.find("EXT4-fs (vda)") > -1,
              f"not loaded from the disk:\n{log[-3000:]}")
        guest.sh(TO_STOCK)
        check(guest.balloon_driver() == "virtio_balloon", "the stock driver did not take it")
        said = guest.sh(install, 120)
        for command in ("virtio_balloon/unbind", "modprobe balloon_report", "TAKEOVER=1"):
            check(command in said, f"install did not print {command}:\n{said}")
        check(guest.balloon_driver() == "virtio_balloon", "install moved the device unasked")
        said = guest.sh(f"{install} TAKEOVER=1", 120)
        check("is now held by balloon_report" in said, f"install said:\n{said}")
        check(guest.balloon_driver() == "balloon_report", "TAKEOVER=1 did not move the device")
        guest.judge()
