# SPDX-License-Identifier: GPL-2.0-only
"""On virtio-mmio, the only transport of Firecracker and libkrun, the whole device works.

Its queues are set up by other registers than on virtio-pci, and there is no hotplug.
"""

from lab import MIB, Guest, check
from lab.guest import balloon

KERNELS: tuple[str, ...] = ()
ALSO = ("6.12-arm64",)
MEMORY_MB = 512
HOG_MB = 200
BALLOON_MB = 128


def _check_return(guest: Guest) -> None:
    guest.sh(f"memhog {HOG_MB} --hold 0", 60)
    balloon.flush(guest)
    left = guest.rss_bytes() - balloon.unreportable_bytes(guest)
    print(f"{left // MIB} MiB of what can be reported are still backed")
    check(left < 16 * MIB, f"{left // MIB} MiB are still backed after a flush")


def test_transport_mmio(kernel: str) -> None:
    """Memory returns, the balloon has its size on both sides, and the driver binds again."""
    offer = ("free-page-reporting=on", "deflate-on-oom=on")
    with Guest(kernel, memory_mb=MEMORY_MB, mmio=True, balloon=offer) as guest:
        device = balloon.load(guest)
        check("virtio_mmio" in guest.sh(f"readlink -f /sys/bus/virtio/devices/{device.name}"),
              "the balloon is not on virtio-mmio")
        _check_return(guest)
        for size_mb in (BALLOON_MB, 0):
            device.resize(size_mb)
        guest.sh(f"cd /sys/bus/virtio/drivers/{balloon.OURS}; echo {device.name} >unbind; "
                 f"echo {device.name} >bind")
        _check_return(guest)
        guest.finish()
