# SPDX-License-Identifier: GPL-2.0-only
"""A Debian guest takes the balloon in its initramfs; a live uninstall gives it back."""

from lab import check, debian

KERNELS = ("6.1", "6.12")
TIMEOUT = 900
LEFT = ("ls /etc/modprobe.d/vmhooks.conf /etc/initramfs-tools/hooks/vmhooks /var/lib/dkms/vmhooks "
        "2>/dev/null; find /lib/modules | grep -E '/updates|balloon_report|mm_hooks'; "
        "grep -E '^(balloon_report|mm_hooks|kvmclock_fix) ' /proc/modules")


def _check_bound_early(guest: debian.RootGuest) -> None:
    """The module's first words stand in the log before the root is mounted."""
    log = guest.sh("dmesg")
    loaded, mounted = log.find("mm_hooks"), log.find("EXT4-fs (vda)")
    check(-1 < loaded < mounted, f"not loaded from the initramfs:\n{log[-3000:]}")


def run(kernel: str) -> None:
    """Boot with the initramfs that packaging/install made, then uninstall."""
    with debian.RootGuest(kernel, debian.with_package()) as guest:
        guest.booted()
        check(guest.balloon_driver() == "balloon_report",
              f"the device is held by {guest.balloon_driver() or 'no driver'}")
        _check_bound_early(guest)
        guest.sh("grep -q '^virtio_balloon ' /proc/modules")  # loaded, and without a device
        said = guest.sh(f"{debian.PROJECT_IN_ROOT}/packaging/uninstall INITRAMFS=no", 120)
        check("is held by virtio_balloon" in said, f"uninstall said:\n{said}")
        check(guest.balloon_driver() == "virtio_balloon",
              f"after uninstall: {guest.balloon_driver() or 'no driver'}")
        left = guest.try_sh(LEFT)[1]
        check(not left.strip(), f"left behind:\n{left}")
        guest.judge()
